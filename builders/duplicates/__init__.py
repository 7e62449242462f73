"""Duplicates: exact and near."""
