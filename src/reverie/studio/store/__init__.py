"""What the studio keeps: an index in SQLite, and files in folders with random names."""
