"""Kinds of source: one module each, found by name. A module defines ``Options`` and ``read``."""
