"""The seam: d(score)/d(picture), in bounded memory. Above it canvases and loops, below it engines."""
