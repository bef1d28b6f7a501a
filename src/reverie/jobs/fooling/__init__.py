"""Fooling a network: pictures evolve in a folder until it is sure of them (Nguyen, Yosinski & Clune 2015)."""
