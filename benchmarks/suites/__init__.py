"""Suites: the records that systems are asked."""
