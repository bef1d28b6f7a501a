"""TIFF in: every layout that has one meaning, by tifffile and imagecodecs; others are refused by name."""
