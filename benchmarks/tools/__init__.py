"""Each tool in a module of its own, with ``measure(job)``."""
