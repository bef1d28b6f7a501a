"""Functions of tensors and nothing else: filters, colour, warps."""
