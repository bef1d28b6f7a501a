"""What moves: zooms and films, and the pieces of films."""
