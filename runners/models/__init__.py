"""Model families: one module each, found by name. A module defines ``accepts`` and ``load``."""
