"""What goes wrong."""


class GoldenError(Exception):
    """A recording that cannot be made or read."""
