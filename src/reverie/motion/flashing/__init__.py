"""Flashing light (WCAG 2.3.1): measured, and damped."""
