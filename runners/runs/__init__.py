"""Runs: answers made, scored, scored again and compared."""
