"""For those who write Python: dreams and portraits from a recipe, shown as they grow."""
