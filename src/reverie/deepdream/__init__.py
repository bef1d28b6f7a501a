"""A dream over a photograph: its state, and the direction of a step."""
