"""Metrics: one module a metric or a family of metrics, found by name.

A module defines ``LABEL``, ``DESCRIPTION``, ``UNIT``, ``TASKS``, ``HIGHER_IS_BETTER``,
``statistics``, ``combine`` and ``signature``; see ``benchmarks.metrics._base.MetricModule``. One of a
family defines ``PLUGINS`` instead: objects that have these, and a ``NAME``.
"""
