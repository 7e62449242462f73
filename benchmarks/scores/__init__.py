"""Answers, cells, statistics, scores: and systems compared."""
