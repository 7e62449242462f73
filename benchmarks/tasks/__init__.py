"""Tasks: one module each, found by name.

A module defines ``LABEL``, ``DESCRIPTION``, ``MAIN`` (its main metric) and ``read_answer``; and says
in a few words how a record becomes a prompt (``PROMPT``), what of a model's text is the answer
(``ANSWER``) and when that is right (``RIGHT``). ``METRICS`` names metrics that it is scored with;
those that name it among their ``TASKS`` apply too. ``BY_SOURCE = True`` says that it is scored by
source language as well. Another distribution's task is a module under the entry point group
``isogloss.benchmarks.tasks``; builders know a task by its file of templates.
"""
