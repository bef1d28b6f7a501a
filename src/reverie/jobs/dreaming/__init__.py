"""Dreams: one, several photographs, seeds and layers."""
