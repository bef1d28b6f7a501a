"""What a page or a script may ask, by topic."""
