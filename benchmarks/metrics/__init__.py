"""Metrics: one module each, found by name.

A module defines ``DESCRIPTION``, ``UNIT``, ``TASKS``, ``HIGHER_IS_BETTER``, ``statistics``, ``combine`` and
``signature``; see ``benchmarks.metrics._base.MetricModule``.
"""
