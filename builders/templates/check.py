"""The checker of instruction templates: everything that is wrong with them, not the first alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any
from unicodedata import normalize

import regex
from pydantic import BaseModel

from builders.templates._forms import STAND_IN, faults
from builders.templates._languages import is_known, language_fault, may_be_both, script_fault
from builders.templates.loading import (
    FALLBACK,
    Template,
    TemplateFile,
    check_placeholders,
    shipped_files,
    template_tasks,
)
from isogloss.errors import IsoglossError
from isogloss.languages import canonical
from isogloss.settings import read_toml, unknown, validate

# Tables that nothing is wrong with; a key is checked by putting it into one.
_SOUND_FILE: Mapping[str, Any] = {"version": "1", "task": "qa", "templates": []}
_SOUND: Mapping[str, Any] = {"id": "en-1", "language": "en", "instruction": "Answer:"}

_PLACEHOLDER = regex.compile(r"\{[^{}]*\}")
_UNTOLD = regex.compile(r"[^\p{L}\p{M}\p{N}{}]+")


@dataclass(frozen=True)
class Problem:
    """Something wrong with a template.

    Attributes:
        file: The file, as it was given; a shipped one as seen from the working directory.
        template: The template's id, or a language's tag, or nothing where it is the whole file.
        problem: What is wrong, as a sentence without its full stop.
        remedy: What to do about it.
        notice: Whether it is only worth knowing: no error.
    """

    file: str
    template: str
    problem: str
    remedy: str | None = None
    notice: bool = False

    def __str__(self) -> str:
        place = ": ".join(part for part in (self.file, self.template) if part)
        kind = "notice: " if self.notice else ""
        return f"{place}: {kind}{self.problem}{f'. {self.remedy}' if self.remedy else ''}"


@dataclass(frozen=True)
class _Entry:
    """A template that could be read, and where it stands."""

    file: str
    shipped: bool
    task: str
    version: str
    language: str
    template: Template

    @property
    def id(self) -> str:
        return self.template.id

    @property
    def cell(self) -> tuple[str, str]:
        return self.task, self.template.kind

    @property
    def texts(self) -> tuple[str, str]:
        return self.template.instruction, self.template.input

    @property
    def plain(self) -> str:
        """What it says, without placeholders."""
        return " ".join(_PLACEHOLDER.sub(" ", " ".join(self.texts)).split())

    def wrong(self, problem: str, remedy: str | None = None, *, notice: bool = False) -> Problem:
        return Problem(self.file, self.id, problem, remedy, notice)


def check_templates(extra: Sequence[Path] = ()) -> list[Problem]:
    """Check the shipped templates and some more.

    A template is held to its placeholders, to the form of its id, to its script, to its language
    as identifiers see it (`builders.templates._languages` says when they are believed) and to how its
    language is written (`builders.templates._forms`). Together, no two say the same in one language
    and kind, nor in two languages that an identifier holds apart; and shipped languages have as
    many of each kind as the others. Of a user's files, an incomplete language is only a notice:
    its other instructions come from another language or from other counts. A template with the id
    of a shipped one takes its place, as in a recipe, and a notice says so.

    Args:
        extra: TOML files of the user's own.

    Returns:
        What was found, file by file; a file that cannot be read is a problem too.
    """
    found: list[Problem] = []
    entries: list[_Entry] = []
    shipped = shipped_files()
    known = {path.resolve() for path in shipped}
    own = {path.resolve(): path for path in extra if path.resolve() not in known}
    for path in [*shipped, *own.values()]:
        for one in _read(path, shipped=path in shipped):
            if isinstance(one, Problem):
                found.append(one)
            else:
                entries.append(one)
    for entry in entries:
        found += _alone(entry)
    live, replaced = _in_force(entries)
    found += replaced
    found += _identified(live)
    found += _repeated(live)
    found += _counted(entries, live)
    order = {_shown(path): place for place, path in enumerate([*shipped, *own.values()])}
    return sorted(found, key=lambda problem: order[problem.file])


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _read(path: Path, *, shipped: bool) -> Iterator[Problem | _Entry]:
    """Yield the templates of a file, and what keeps others from being read."""
    file = _shown(path)
    try:
        table = read_toml(path)
    except IsoglossError as error:
        yield Problem(file, "", error.problem, error.remedy)
        return
    except OSError as error:
        yield Problem(file, "", f"cannot be read ({error.strerror})")
        return
    head = {key: value for key, value in table.items() if key != "templates"}
    problems = [Problem(file, "", *one) for one in _wrong_keys(TemplateFile, head, _SOUND_FILE)]
    templates = table.get("templates", [])
    if not isinstance(templates, list) or not templates:
        problems.append(Problem(file, "", "has no templates", "Write some under [[templates]]"))
        templates = []
    task, version = table.get("task"), table.get("version")
    if isinstance(version, str) and not version.strip():
        problems.append(
            Problem(file, "", "the version is empty", 'Write one, such as version = "1"')
        )
    if isinstance(task, str) and task not in (known := list(template_tasks())):
        strange = unknown("task", task, known, where=file)
        remedy = f"{strange.remedy}. A recipe uses a new one where it names it under tasks"
        problems.append(Problem(file, "", strange.problem, remedy, notice=True))
    yield from problems
    for index, one in enumerate(templates):
        yield from _read_one(one, index, file, shipped, str(task), str(version))


def _read_one(
    table: Any, index: int, file: str, shipped: bool, task: str, version: str
) -> Iterator[Problem | _Entry]:
    place = f"templates[{index}]"
    if not isinstance(table, dict):
        yield Problem(file, place, "is no table", "Write it under [[templates]]")
        return
    name = table.get("id")
    place = name if isinstance(name, str) and name else place
    wrong = [Problem(file, place, *one) for one in _wrong_keys(Template, table, _SOUND)]
    yield from wrong
    if wrong:
        return
    template = Template.model_validate(table)
    try:
        language = canonical(template.language)
    except IsoglossError as error:
        yield Problem(file, place, f"language: {error.problem}", error.remedy)
        return
    yield _Entry(file, shipped, task, version, language, template)


def _wrong_keys(
    model: type[BaseModel], table: Mapping[str, Any], sound: Mapping[str, Any]
) -> Iterator[tuple[str, str | None]]:
    """Yield what is wrong with each key of a table: `validate` names the first only."""
    tables = [{**sound, key: value} for key, value in table.items()]
    lacking = [key for key in sound if key not in table and key != "templates"]
    tables += [{key: sound[key] for key in sound if key != name} for name in lacking]
    for one in tables:
        try:
            validate(model, one, where="")
        except IsoglossError as error:
            yield error.problem, error.remedy


def _alone(entry: _Entry) -> Iterator[Problem]:
    """Yield what is wrong with a template by itself, but for the language."""
    number = regex.fullmatch(rf"{regex.escape(entry.language)}(-[a-z]+)*-\d+", entry.id)
    if number is None:
        yield entry.wrong(
            "the id is not the language's tag and a number",
            f"Write {entry.language}-1, or {entry.language}-word-1",
        )
    yield from _placeholders(entry)
    fault = script_fault(entry.plain, entry.language)
    if fault:
        yield entry.wrong(fault, f"Write it in {entry.language}, or give the tag of its script")
    said = dict.fromkeys(
        fault
        for text in entry.texts
        for fault in faults(_PLACEHOLDER.sub(STAND_IN, text), entry.language)
    )
    yield from (entry.wrong(*fault) for fault in said)


def _placeholders(entry: _Entry) -> Iterator[Problem]:
    """Yield what is wrong with placeholders: what loading refuses, and what a task has no use for."""
    try:
        check_placeholders(entry.template, where="")
    except IsoglossError as error:
        yield entry.wrong(f"{str(error.where).strip('.')}: {error.problem}", error.remedy)
        return
    named = [name for _, name, _, _ in Formatter().parse(entry.template.instruction) if name]
    if entry.task == "translation" and "target_language" not in named:
        yield entry.wrong("does not say into which language", "Write {target_language} in it")
    # What a new task has a use for, nobody knows.
    if entry.task != "translation" and named and entry.task in template_tasks():
        yield entry.wrong(
            f"names languages in the task {entry.task}, which has no use for them",
            f"Take {{{named[0]}}} away",
        )


def _in_force(entries: Iterable[_Entry]) -> tuple[list[_Entry], list[Problem]]:
    """Return the templates that a recipe would use, and what is to say of those they replace."""
    live: dict[tuple[str, str], _Entry] = {}
    found = []
    for entry in entries:
        key = (entry.task, entry.id)
        earlier = live.get(key)
        if earlier and (earlier.file == entry.file or entry.shipped):
            found.append(entry.wrong("the id is used twice", "Give each template its own"))
        elif earlier and earlier.version == entry.version:
            found.append(
                entry.wrong(
                    f"takes the place of the one in {earlier.file} under the same version, "
                    f"{entry.version}: records would not tell which they were made with",
                    'Give your file a version of its own, such as version = "mine-1"',
                )
            )
        elif earlier:
            problem = f"takes the place of the one in {earlier.file}"
            found.append(entry.wrong(problem, notice=True))
        live[key] = entry
    return list(live.values()), found


def _identified(entries: Iterable[_Entry]) -> Iterator[Problem]:
    """Yield what is in another language than it claims: a file's templates, else single ones."""
    groups: dict[tuple[str, str], list[_Entry]] = defaultdict(list)
    for entry in entries:
        groups[entry.file, entry.language].append(entry)
    seen = set()
    for (file, tag), group in groups.items():
        if not is_known(tag) and tag not in seen:
            seen.add(tag)
            yield Problem(
                file,
                tag,
                "no identifier knows the language in its script: only what is surely in another is found",
                notice=True,
            )
        fault = language_fault(" ".join(entry.plain for entry in group), tag, alone=False)
        if fault:
            yield Problem(file, tag, f"the templates together: {fault}", f"Write them in {tag}")
            continue
        for entry in group:
            fault = language_fault(entry.plain, tag, alone=True)
            if fault:
                yield entry.wrong(fault, f"Write it in {tag}")


def _repeated(entries: Iterable[_Entry]) -> Iterator[Problem]:
    """Yield templates that say what an earlier one says, but for case, spaces and punctuation."""
    said: dict[tuple[str, str], list[_Entry]] = defaultdict(list)
    for entry in entries:
        text = _squeezed(" ".join(entry.texts))
        if not _squeezed(entry.plain):
            continue
        for earlier in said[entry.task, text]:
            same = earlier.language == entry.language
            if same and earlier.cell != entry.cell:
                continue
            if same or not may_be_both(entry.plain, earlier.language, entry.language):
                yield entry.wrong(
                    f"says the same as {earlier.id} in {earlier.file}", "Write another phrasing"
                )
                break
        said[entry.task, text].append(entry)


def _squeezed(text: str) -> str:
    return _UNTOLD.sub("", normalize("NFC", text).casefold())


def _counted(entries: Iterable[_Entry], live: Iterable[_Entry]) -> Iterator[Problem]:
    """Yield languages with more or fewer templates of a task and kind than most have.

    The shipped ones are counted by themselves; with a user's, only the languages of those are.
    """
    shipped = _counts(_in_force(entry for entry in entries if entry.shipped)[0])
    together = _counts(live)
    files = {entry.task: entry.file for entry in entries if entry.shipped}
    theirs = {entry.language: entry.file for entry in entries if not entry.shipped}
    for cell in sorted({cell for counts in shipped.values() for cell in counts}):
        usual = _usual([counts[cell] for counts in shipped.values()])
        for tag, counts in shipped.items():
            if counts[cell] != usual:
                yield _uneven(files[cell[0]], tag, cell, counts[cell], usual)
        for tag, file in theirs.items():
            count = together[tag][cell]
            if count not in (usual, shipped[tag][cell] if tag in shipped else usual):
                yield _uneven(file, tag, cell, count, usual, notice=True)


def _counts(entries: Iterable[_Entry]) -> dict[str, Counter[tuple[str, str]]]:
    """Return the number of templates by language and by task and kind."""
    counts: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for entry in entries:
        counts[entry.language][entry.cell] += 1
    return counts


def _usual(counts: Sequence[int]) -> int:
    return max(Counter(counts).items(), key=lambda item: (item[1], item[0]))[0]


def _uneven(
    file: str, tag: str, cell: tuple[str, str], count: int, usual: int, *, notice: bool = False
) -> Problem:
    task, kind = cell
    remedy = f"Write {usual} in each language, so that counts compare"
    if notice:
        remedy = "Counts of this language do not compare with those of others"
        if count == 0:
            remedy = f"Its instructions will be in {FALLBACK}"
    many = "template" if count == 1 else "templates"
    problem = f"has {count} {many} of the task {task} ({kind}) where most languages have {usual}"
    return Problem(file, tag, problem, remedy, notice)
