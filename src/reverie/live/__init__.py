"""A dream that never ends, steered by a crowd: the show, and everything that keeps it on the air."""
