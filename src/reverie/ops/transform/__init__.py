"""Random transforms of what the network looks at: text form, drawing, applying."""
