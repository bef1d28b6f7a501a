"""Films, in and out: any common kind to frames and sound, and back."""
