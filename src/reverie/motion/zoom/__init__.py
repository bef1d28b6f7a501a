"""The endless zoom."""
