"""What there is: tasks and metrics, found by name, and the options that a metric takes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.metrics._base import ALL
from isogloss.errors import IsoglossError
from isogloss.languages import canonical, same_language
from isogloss.plugins import discover
from isogloss.settings import Settings, unknown, validate

#: Options of metrics: by metric, then by option; under ``by_language``, by language first. There a
#: tag serves its own language, and every one of the same language and script that has no options
#: of its own: ``zh`` serves ``zh-Hans``, not ``zh-Hant``.
MetricOptions = Mapping[str, Mapping[str, Any]]

_BY_LANGUAGE = "by_language"


@dataclass(frozen=True)
class Metric:
    """A metric as a table needs to know it.

    Attributes:
        name: Its name.
        label: Its name as shown.
        description: What it counts.
        tasks: The tasks it is for.
        higher_is_better: Whether more is better; None where neither is.
        unit: ``points`` of 100 or ``%``.
        on_request: Whether it is computed only where it is named.
    """

    name: str
    label: str
    description: str
    tasks: tuple[str, ...]
    higher_is_better: bool | None
    unit: str
    on_request: bool

    @property
    def descending(self) -> bool:
        """Whether the highest score stands first in a table."""
        return self.higher_is_better is not False

    @property
    def direction(self) -> str:
        """What a good score is, in words."""
        directions = {
            True: "higher is better",
            False: "lower is better",
            None: "neither more nor less is better",
        }
        return directions[self.higher_is_better]


@dataclass(frozen=True)
class Task:
    """A task as a table needs to know it.

    Attributes:
        name: Its name.
        label: Its name as shown.
        description: What it asks for.
        main: The metric that systems are ranked by.
        prompt: How a record becomes a prompt.
        answer: What of a model's text is read as the answer.
        right: When an answer is right.
        by_source: Whether it is scored by source language too.
    """

    name: str
    label: str
    description: str
    main: str
    prompt: str
    answer: str
    right: str
    by_source: bool


def list_metrics() -> dict[str, Metric]:
    """Return every metric, by name."""
    return {
        name: Metric(
            name,
            module.LABEL,
            module.DESCRIPTION,
            _tasks_of(name, module),
            module.HIGHER_IS_BETTER,
            module.UNIT,
            bool(getattr(module, "ON_REQUEST", False)),
        )
        for name, module in discover("benchmarks.metrics").items()
    }


def _tasks_of(name: str, metric: Any) -> tuple[str, ...]:
    """Return the tasks that a metric is for: those that it names, and those that name it."""
    return tuple(
        task
        for task, module in discover("benchmarks.tasks").items()
        if task in metric.TASKS
        or tuple(metric.TASKS) == ALL
        or name in getattr(module, "METRICS", ())
    )


def list_tasks() -> dict[str, Task]:
    """Return every task, by name."""
    return {
        name: Task(
            name,
            module.LABEL,
            module.DESCRIPTION,
            module.MAIN,
            module.PROMPT,
            module.ANSWER,
            module.RIGHT,
            bool(getattr(module, "BY_SOURCE", False)),
        )
        for name, module in discover("benchmarks.tasks").items()
    }


def check_metrics(only: Sequence[str], options: MetricOptions, *, where: str) -> None:
    """Refuse names and options of metrics that there are not.

    Raises:
        IsoglossError: A metric or an option is unknown, a value will not do, or options are for
            what is no language.
    """
    modules = discover("benchmarks.metrics")
    for name in (*only, *options):
        if name not in modules:
            raise unknown("metric", name, list(modules), where=where)
    for name, given in options.items():
        for language in ("", *_by_language(name, given, where)):
            options_of(name, language, options, where=where)


def options_of(name: str, language: str, options: MetricOptions, *, where: str = "metrics") -> Any:
    """Return a metric's options for a language, checked.

    Raises:
        IsoglossError: An option is unknown, or its value will not do.
    """
    given = dict(options.get(name, {}))
    by_language = _by_language(name, given, where)
    given.pop(_BY_LANGUAGE, None)
    given |= by_language.get(_serving(language, by_language), {})
    kind: type[Settings] = getattr(discover("benchmarks.metrics")[name], "Options", Settings)
    return validate(kind, given, where=f"{where}: {name}")


def merged_options(first: MetricOptions, then: MetricOptions) -> dict[str, dict[str, Any]]:
    """Return options of metrics with others over them; those not named again stay.

    Raises:
        IsoglossError: Options are for what is no language.
    """
    merged = {}
    for name in (*first, *(name for name in then if name not in first)):
        one, two = first.get(name, {}), then.get(name, {})
        by_language = _by_language(name, one, "metric options")
        for tag, given in _by_language(name, two, "metric options").items():
            by_language[tag] = {**by_language.get(tag, {}), **given}
        merged[name] = {**one, **two} | ({_BY_LANGUAGE: by_language} if by_language else {})
    return merged


def _by_language(name: str, given: Mapping[str, Any], where: str) -> dict[str, Mapping[str, Any]]:
    """Return a metric's options by the canonical tags of their languages."""
    where = f"{where}: {name}.{_BY_LANGUAGE}"
    tables = given.get(_BY_LANGUAGE, {})
    found: dict[str, Mapping[str, Any]] = {}
    if not isinstance(tables, Mapping):
        raise IsoglossError(
            "is no table of languages", where=where, remedy=f"Name one: {_BY_LANGUAGE}.de"
        )
    for key, table in tables.items():
        tag = canonical(key, where=where)
        if not isinstance(table, Mapping):
            raise IsoglossError("is no table of options", where=f"{where}.{key}")
        if tag in found:
            raise IsoglossError(f"{tag} is there twice", where=where)
        found[tag] = table
    return found


def _serving(language: str, tags: Collection[str]) -> str:
    """Return the tag whose options serve a language: its own, or the most general one alike."""
    if language in tags or not language:
        return language
    alike = [tag for tag in tags if same_language(tag, language)]
    return min(alike, key=lambda tag: (len(tag), tag), default=language)


def metrics_of(task: str, only: Sequence[str]) -> list[tuple[str, Any]]:
    """Return the metrics of a task: those named, or where none is, all that go unasked."""
    return [
        (name, module)
        for name, module in discover("benchmarks.metrics").items()
        if task in _tasks_of(name, module)
        and (name in only if only else not getattr(module, "ON_REQUEST", False))
    ]
