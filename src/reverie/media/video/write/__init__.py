"""Films out: encoded in segments, safe at every moment."""
