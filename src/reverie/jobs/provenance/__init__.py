"""What a result says of how it was made: as it is written, as people read it, and as a command."""
