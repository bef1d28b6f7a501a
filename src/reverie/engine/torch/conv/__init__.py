"""Convolutions with frozen weights, on oneDNN."""
