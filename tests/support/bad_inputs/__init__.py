"""Bad files, and odd ones that are good."""
