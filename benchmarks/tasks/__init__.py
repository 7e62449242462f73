"""Tasks: one module each, found by name.

A module defines ``LABEL``, ``DESCRIPTION``, ``MAIN`` (its main metric) and ``read_answer``.
"""
