"""Portraits of units: one, a series on a sheet, inversions, and beside photographs."""
