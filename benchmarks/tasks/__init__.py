"""Tasks: one module each, found by name.

A module defines ``LABEL``, ``DESCRIPTION``, ``MAIN`` (its main metric) and ``read_answer``; and says
in a few words how a record becomes a prompt (``PROMPT``), what of a model's text is the answer
(``ANSWER``) and when that is right (``RIGHT``). Which metrics apply, the metrics say.
"""
