"""Tasks: one module each, found by name. A module defines ``DESCRIPTION``, ``MAIN``, ``read_answer``."""
