"""Portraits: pictures from nothing of what a layer, a channel, a neuron or a class wants to see."""
