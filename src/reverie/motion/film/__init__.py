"""The dreaming film."""
