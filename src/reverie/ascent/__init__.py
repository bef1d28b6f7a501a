"""Gradient ascent: the loop, the state it moves, octaves and starts."""
