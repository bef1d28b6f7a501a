"""Convolutions and pooling by this project's native kernels."""
