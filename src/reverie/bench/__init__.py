"""`reverie bench`: engines and the naive loop side by side."""
