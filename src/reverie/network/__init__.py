"""What dreams: networks with named layers, class names, and adapters for other people's networks."""
