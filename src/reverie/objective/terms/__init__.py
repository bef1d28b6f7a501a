"""All kinds of quantities, by what they read; how to add one is told in CONTRIBUTING.md."""
