"""How the picture that moves is stored."""
