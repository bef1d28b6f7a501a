"""The studio: a page where people dream, and the server behind it."""
