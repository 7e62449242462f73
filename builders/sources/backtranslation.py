"""Back-translation: a model translates texts, and is to be outdone at translating them back.

Sennrich, Haddow and Birch 2016, "Improving Neural Machine Translation Models with Monolingual Data":
what a model reads is a machine's, what it learns to write is native.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl
from pydantic import Field, field_validator, model_validator

from builders.example import blank, examples, is_blank, rank
from builders.readers.lines import lines
from builders.sources._answers import Answers
from builders.sources._base import Context, Earlier, Reading, SourceOptions
from builders.sources._bitext import numbered
from builders.sources._earlier import named
from builders.sources._files import Files, Found, find, fingerprint, known_licence
from builders.sources._unread import Unread
from isogloss.chat import ChatClient, Engine
from isogloss.console import say
from isogloss.errors import IsoglossError
from isogloss.files import sha256_json
from isogloss.languages import canonical, describe, served

NAME = "back-translation"
DESCRIPTION = "native texts with a model's translation of them as input (synthetic): translation"
LANGUAGES = "those of the texts, and whatever the model knows"
LICENCE = "those of the texts; see the model's own terms, too"
EXAMPLE = """[[sources]]
name = "back"
kind = "back-translation"
of = ["bitext"]                        # sources that stand above; or path = "mono/{language}.txt"
languages = ["bho", "nqo"]
into = "en"
model = "google/gemma-3-4b-it"         # any that isogloss score takes; or with an endpoint:
# endpoint = "http://localhost:8000/v1"
# api_key_env = "OPENAI_API_KEY"       # the variable that holds the key, where one is wanted
limit = 10000
"""

_PROMPT = "Translate this {language} text into {into}. Answer with the translation alone.\n\n{text}"
# What decides an answer. Where it is made and how many at once does not.
_DECIDING = {"model", "prompt", "system", "temperature", "seed", "max_tokens", "request"}


class Options(SourceOptions):
    """Which texts, and which model translates them.

    With ``limit``, only so many groups of each language are asked. The tags are ``synthetic``,
    ``back-translation`` and ``model:NAME``.
    """

    of: tuple[str, ...] = ()
    """The names of sources that stand before this one in the recipe; their outputs are taken."""
    path: str | tuple[str, ...] | None = None
    """Instead: paths or glob patterns of text files, a text a line; ``{language}`` in them stands
    for a tag or a FLORES code.
    """
    language: str | None = None
    """The language of the files, where their names do not say it."""
    languages: tuple[str, ...] = ()
    """Take texts in these only; all of the recipe's but ``into`` where left out."""
    into: str = "en"
    """The language that the model translates into."""
    model: str
    """What the engine calls the model: of our own runners as ``isogloss score`` does."""
    endpoint: str | None = None
    """The address of an OpenAI-compatible server, such as ``http://localhost:8000/v1``, which
    answers instead of our own runners.
    """
    api_key_env: str | None = None
    """The environment variable that holds the endpoint's key."""
    answers: str | None = None
    """The file of the model's answers, from the recipe's folder; ``NAME.answers.jsonl`` where left
    out, slashes of the name being hyphens. What is in it is not asked again: keep it with the
    recipe, and the corpus can be built without the model, the same for ever.
    """
    prompt: str = _PROMPT
    """What the model is asked, with ``{text}``, and it may be ``{language}`` and ``{into}``, which
    become the languages' English names.
    """
    system: str | None = None
    """A system message before it."""
    temperature: float = Field(default=0.0, ge=0)
    """0 for the likeliest answer."""
    seed: int = 42
    """Of what is drawn."""
    max_tokens: int = Field(default=1024, gt=0)
    """The longest answer; a text whose translation is longer is rejected."""
    request: dict[str, Any] = {}  # noqa: RUF012 (pydantic copies defaults)
    """Further settings of the engine, such as ``{ top_p = 0.9 }``."""
    concurrency: int = Field(default=8, gt=0)
    """Requests at once to an endpoint."""
    batch: int = Field(default=64, gt=0)
    """Texts asked before their answers are written down."""

    @field_validator("prompt")
    @classmethod
    def _asks_of_a_text(cls, value: str) -> str:
        if "{text}" not in value:
            raise ValueError("holds no {text}")
        return value

    @model_validator(mode="after")
    def _one_place(self) -> Options:
        if bool(self.of) == bool(self.path):
            raise ValueError("give exactly one of of and path")
        by_name = bool(self.path) and all("{language}" in path for path in self.paths)
        if bool(self.path) and by_name == (self.language is not None):
            raise ValueError('give either language = "de" or {language} in every path')
        return self

    @property
    def paths(self) -> tuple[str, ...]:
        """The patterns, however many there are."""
        return (self.path,) if isinstance(self.path, str) else self.path or ()


def read(options: Options, context: Context) -> Reading:
    """Open the source; the texts are read, and the model translates, when its examples are.

    Raises:
        IsoglossError: A language is wrong, there is no such file, or the licence is missing.
    """
    licence = known_licence(options, context) if options.path else options.licence or ""
    into = _tag(options.into, "into", context)
    tags = tuple(_tag(tag, "languages", context) for tag in options.languages)
    wanted = [tag for tag in tags or context.languages if tag != into and tag in context.languages]
    if not wanted:
        raise IsoglossError(f"there is no language to translate into {into}", where=context.where)
    files = find(options.paths, context) if options.path else Files((), Unread("files", ""))
    # A name leads out of no folder.
    file_name = re.sub(r"[/\\\0]", "-", options.name)
    answers = Answers(context.folder / (options.answers or f"{file_name}.answers.jsonl"))
    key = _key(options)
    content = [key, options.of, fingerprint(files), wanted, into, options.limit]

    def sha256() -> str:
        # The answers are its content once they are all there; until then, what will make them is.
        made = answers.sha256(key)
        return sha256_json([*content, made] if made else content)

    def frames(earlier: Earlier) -> Iterator[pl.DataFrame]:
        return _frames(files, wanted, into, answers, options, context, earlier)

    unread = files.unread.say()
    details = {
        "model": options.model,
        "into": into,
        "languages": wanted,
        **({"unread": unread} if unread else {}),
    }
    return Reading("made here", licence, sha256(), frames, details, made_sha256=sha256)


def _tag(tag: str, key: str, context: Context) -> str:
    return served(canonical(tag, where=f"{context.where}.{key}"), context.languages)


def _key(options: Options) -> str:
    return sha256_json(options.model_dump(mode="json", include=_DECIDING))


def _frames(
    files: Sequence[Found],
    wanted: Sequence[str],
    into: str,
    answers: Answers,
    options: Options,
    context: Context,
    earlier: Earlier,
) -> Iterator[pl.DataFrame]:
    def natives() -> Iterator[pl.DataFrame]:
        frames = _lines(files, options, context) if files else _outputs(options, context, earlier)
        for frame in frames:
            yield frame.filter(pl.col("language").is_in(wanted) & ~is_blank(pl.col("output")))

    translator = _Translator(options, context, answers, into)
    seen: set[str] = set()
    for frame in _limited(natives, options.limit, context.seed):
        # A model answers text by text.
        rows = [row | {"key": translator.key(row)} for row in frame.iter_rows(named=True)]
        fresh = list({row["key"]: row for row in rows if row["key"] not in seen}.values())
        seen.update(row["key"] for row in fresh)
        translator.translate(fresh)
        if fresh:
            yield examples([translator.example(row) for row in fresh])
    answers.complete(_key(options))


_COLUMNS = ("language", "output", "licence", "source_id", "group", "split", "tags")


def _outputs(options: Options, context: Context, earlier: Earlier) -> Iterator[pl.DataFrame]:
    for source in named(options.of, earlier, context.where):
        for frame in source():
            source_id = pl.format("{}:{}", "source", "source_id").alias("source_id")
            yield frame.with_columns(source_id).select(_COLUMNS)


def _lines(files: Sequence[Found], options: Options, context: Context) -> Iterator[pl.DataFrame]:
    for file in files:
        language = file.language or _tag(str(options.language), "language", context)
        first = 1
        for texts in lines(file.path):
            yield pl.select(
                pl.lit(language).alias("language"),
                texts.alias("output"),
                pl.lit(None, pl.String).alias("licence"),
                numbered(file.name, first, len(texts)).alias("source_id"),
                texts.alias("group"),
                pl.lit(None, pl.String).alias("split"),
                pl.lit([], pl.List(pl.String)).alias("tags"),
            )
            first += len(texts)


def _limited(natives: Any, limit: int | None, seed: int) -> Iterator[pl.DataFrame]:
    """Leave out the groups that are beyond the source's limit: none of them is to be paid for.

    They are those that the pipeline would drop: groups go by their ranks there too.
    """
    if limit is None:
        yield from natives()
        return
    order = rank(seed, pl.col("group")).alias("_rank")
    lowest = pl.DataFrame(schema={"language": pl.String, "_rank": pl.UInt64})
    for frame in natives():
        lowest = pl.concat([lowest, frame.select("language", order)]).unique()
        within = pl.col("_rank").rank("ordinal").over("language") <= limit
        lowest = lowest.filter(within)
    for frame in natives():
        kept = frame.with_columns(order).join(
            lowest, on=["language", "_rank"], how="semi", maintain_order="left"
        )
        yield kept.drop("_rank")


class _Translator:
    """Translates, with the model, what is not among the answers yet."""

    def __init__(self, options: Options, context: Context, answers: Answers, into: str) -> None:
        self._options, self._context = options, context
        self._answers, self._into = answers, into
        self._deciding = _key(options)
        self._engine: Engine | None = None

    def key(self, row: dict[str, Any]) -> str:
        """Return what a text's answer is known by: all that decides it."""
        return sha256_json([self._deciding, self._into, row["language"], row["output"]])[:32]

    def translate(self, rows: Sequence[dict[str, Any]]) -> None:
        """Have texts translated, and write their translations down batch by batch."""
        options = self._options
        missing = [row for row in rows if self._answers.get(row["key"]) is None]
        if missing and self._engine is None:
            self._engine = self._opened()
            say(f"{options.name}: {options.model} translates; answers go to {self._answers.path}")
        for start in range(0, len(missing), options.batch):
            batch = missing[start : start + options.batch]
            assert self._engine is not None
            texts = self._engine(
                options.model,
                [self._prompt(row) for row in batch],
                temperature=options.temperature,
                seed=options.seed,
                max_tokens=options.max_tokens,
                system=options.system,
                **options.request,
            )
            self._answers.add([self._line(*pair) for pair in zip(batch, texts, strict=True)])

    def example(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return the example of a text: its translation is the input, the text itself the output."""
        translation = (self._answers.get(row["key"]) or "").strip()
        tags = ["synthetic", "back-translation", f"model:{self._options.model}"]
        made = {
            "task": "translation",
            "language": row["language"],
            "source_language": self._into,
            "input": translation,
            "output": row["output"],
            "source_id": row["source_id"],
            "group": row["group"],
            "split": row["split"],
            "tags": list(dict.fromkeys([*tags, *(row["tags"] or ())])),
            "licence": None if self._options.licence else row["licence"],
        }
        if not blank(translation):
            return made
        return made | {"rejected_by": "source", "reason": "the model gave no whole translation"}

    def _opened(self) -> Engine:
        options, where = self._options, self._context.where
        if options.endpoint is not None:
            return ChatClient(
                options.endpoint,
                api_key_env=options.api_key_env,
                concurrency=options.concurrency,
                where=f"{where}.endpoint",
            )
        if self._context.engine is None:
            raise IsoglossError(
                f"{self._answers.path} lacks answers, and there is no engine to make them",
                where=where,
                remedy="Build with the command isogloss build, or give an endpoint",
            )
        return self._context.engine

    def _prompt(self, row: dict[str, Any]) -> str:
        names = {"{language}": row["language"], "{into}": self._into}
        prompt = self._options.prompt
        for placeholder, tag in names.items():
            prompt = prompt.replace(placeholder, describe(tag).name)
        # Last, so that nothing in the text is taken for a placeholder.
        return prompt.replace("{text}", row["output"])

    def _line(self, row: dict[str, Any], answer: str) -> dict[str, Any]:
        settings = {"model": self._options.model, "language": row["language"], "into": self._into}
        return {"key": row["key"], **settings, "text": row["output"], "answer": answer}
