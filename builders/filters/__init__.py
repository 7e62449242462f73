"""Row filters: one module each, found by name; `_base` says what a module defines."""
