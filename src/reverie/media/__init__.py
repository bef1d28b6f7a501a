"""Files in and out: pictures and films."""
