"""What runs step by step, forward and back: compiled from a trace, with its memory."""
