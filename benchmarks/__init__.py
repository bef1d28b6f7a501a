"""How fast reverie is beside the loop most people write and beside other tools: ``python -m benchmarks``."""
