"""The dream of the live show, in a process of its own."""
