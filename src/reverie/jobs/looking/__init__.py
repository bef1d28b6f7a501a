"""Looking at photographs: where units fire, what excites them, and sheets of it."""
