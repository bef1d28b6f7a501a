"""Animated pictures as films: GIF, APNG, WebP and AVIF."""
