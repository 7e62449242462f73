"""What a program may use, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import Field

from isogloss.settings import Settings


class Limits(Settings):
    """What a program and its tests may use together."""

    seconds: float = Field(default=10.0, gt=0)
    """Of time on the wall, from the moment the sandbox stands."""
    cpu_seconds: int = Field(default=10, gt=0)
    """Of a processor, each process."""
    memory_mib: int = Field(default=1024, ge=64)
    """Of memory: what each process may ask for, and what all may have."""
    processes: int = Field(default=32, gt=0)
    """How many processes and threads at a time."""
    output_kib: int = Field(default=1024, gt=0)
    """What it may write to standard output and error."""
    files_mib: int = Field(default=16, gt=0)
    """What its files may hold altogether."""


@dataclass(frozen=True)
class Outcome:
    """Whether a program passed its tests.

    Attributes:
        passed: Whether it did.
        reason: If not, why, in one line (a program may word it).
        peak_mib: The most memory that the program, its tests and the sandbox itself had at a time;
            None where it was not measured, for want of a memory cgroup.
    """

    passed: bool
    reason: str
    peak_mib: float | None = field(default=None, compare=False)
