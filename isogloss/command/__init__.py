"""The command: ``isogloss build | tune | score | …``; it alone knows all rooms."""
