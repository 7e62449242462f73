"""Embedders of sentences, for the filter `similarity`: one module each, found by name.

A module defines ``DESCRIPTION`` and ``load(model, revision)``, which returns what embeds: it takes
texts and returns an array of shape (texts, dimensions) whose rows have length 1. Other
distributions add theirs by the entry point group ``isogloss.builders.embedders``.
"""
