"""The live show: a dream that never ends, and the crowd that steers it."""
