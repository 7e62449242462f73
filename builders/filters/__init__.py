"""Row filters: one module each, found by name. A module defines ``Options`` and ``apply``."""
