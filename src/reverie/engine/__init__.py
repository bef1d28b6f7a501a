"""Engines: a network forward to its layers, and gradients at layers back to the picture."""
