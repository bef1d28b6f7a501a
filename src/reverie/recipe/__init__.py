"""Values that decide a result: recipes and their parts, curves, scenes."""
