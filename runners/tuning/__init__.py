"""Tuning: objectives and the loop."""
