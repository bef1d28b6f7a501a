"""Films in: frames, times and sound."""
