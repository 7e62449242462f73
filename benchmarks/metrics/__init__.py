"""Metrics: one module each, found by name.

A module defines ``LABEL``, ``DESCRIPTION``, ``UNIT``, ``TASKS``, ``HIGHER_IS_BETTER``,
``statistics``, ``combine`` and ``signature``; see ``benchmarks.metrics._base.MetricModule``.
"""
