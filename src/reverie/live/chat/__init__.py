"""The chat of a stream as a part of the crowd: read as anybody may read it, without an account."""
