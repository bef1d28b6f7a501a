"""The fast engine of torch's own operators: trace a network, plan its way back, run it."""
