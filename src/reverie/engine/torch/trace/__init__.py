"""What a network does, recorded as a graph of calls."""
