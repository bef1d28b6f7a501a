"""Networks made or tuned: pictures in folders become a network that dreams of them."""
