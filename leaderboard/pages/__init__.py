"""Pages: one module each with its template beside it, found by name.

A module defines ``pages(site) -> Iterator[Page]``; see `leaderboard.site`.
"""
