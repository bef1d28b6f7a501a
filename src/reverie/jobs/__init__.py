"""Work on files: what it costs, doing it, and what came of it; resumable after any end."""
