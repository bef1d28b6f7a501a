"""What tests share: inputs that are made, twins to compare with, and ways to run the command."""
