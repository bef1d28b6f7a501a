"""The live show: a dream that never ends, steered by a crowd."""
