"""Rows on disk, the mask of those that are in, and the ledger of those that are not."""
