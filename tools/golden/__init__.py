"""What ``reverie`` commands make, recorded and compared: ``python tools/golden`` runs it."""
