"""The systems that made this field, as recipes."""
