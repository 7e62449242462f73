"""Other people's outputs: which files hold them, what stands in those, and which records they answer."""

from __future__ import annotations

from runners.outputs.matching import fingerprint, read_outputs
from runners.outputs.places import name_of

__all__ = ["fingerprint", "name_of", "read_outputs"]
