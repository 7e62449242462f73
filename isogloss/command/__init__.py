"""The command: ``isogloss build | tune | score | …``."""
