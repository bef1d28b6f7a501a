"""`reverie bench` and `doctor`: engines and the naive loop side by side, and whether all is healthy."""
