"""Running tests, in whichever process, and noting what holds."""

from __future__ import annotations

from typing import Any

from .others import altered


class Notes:
    """Which assertions of tests have held; see `benchmarks.sandbox.altering`."""

    def __init__(self) -> None:
        self.held: set[int] = set()
        self.failed: set[int] = set()

    def names(self) -> dict[str, Any]:
        """Return functions by the names that the tests call them by."""
        return {"__noted__": self._note, "__alter__": lambda value, far: altered(value, far=far)}

    def _note(self, at: int, held: bool) -> None:
        (self.held if held else self.failed).add(at)


def run_tests(tests: str, namespace: dict[str, Any]) -> None:
    """Run tests; those of unittest that nothing else runs, too."""
    if "unittest" not in tests:
        exec(compile(tests, "tests.py", "exec", 0, True), namespace)
        return
    import unittest

    ran: list[Any] = []
    failures: list[str] = []
    usual = unittest.TestCase.run

    def run(self: Any, result: Any = None) -> Any:
        ran.append(self)
        known = result if result is not None else self.defaultTestResult()
        usual(self, known)
        failures.extend(text for _, text in [*known.failures, *known.errors])
        if known.unexpectedSuccesses:
            failures.append("a test succeeded that should not")
        if known.skipped and "skip" not in tests:
            failures.append("a test was skipped by the program")
        return known

    unittest.TestCase.run = run  # type: ignore[method-assign]
    exec(compile(tests, "tests.py", "exec", 0, True), namespace)
    if not ran:
        cases = [one for one in namespace.values()
                 if isinstance(one, type) and issubclass(one, unittest.TestCase)
                 and one.__module__ == namespace["__name__"]]  # fmt: skip
        load = unittest.defaultTestLoader.loadTestsFromTestCase
        unittest.TestSuite(map(load, cases)).run(unittest.TestResult())
    if failures:
        raise AssertionError(failures[0].strip().rpartition("\n")[2])


def described(error: BaseException) -> str:
    """Return an exception in one short line, whatever it makes of being shown."""
    try:
        text = f"{type(error).__name__}: {error}"
    except BaseException:
        text = "an exception that cannot be shown"
    return " ".join(text[:200].split()).encode("utf-8", "replace").decode()
