"""Language tags: BCP 47 inside, FLORES codes and gettext locales at the edges."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import langcodes
import langcodes.tag_parser
from babel import Locale, UnknownLocaleError

from isogloss.errors import IsoglossError

_RIGHT_TO_LEFT = frozenset("Adlm Arab Hebr Mand Mend Nkoo Rohg Samr Syrc Thaa".split())

# Resource classes of Joshi et al. 2020, "The State and Fate of Linguistic Diversity and
# Inclusion in the NLP World" (ACL), table 1: 5 the winners, 4 the underdogs, 3 the rising stars.
_RESOURCE_CLASSES = {
    5: "en es de ja fr ar zh",
    4: "eu ca hr cs nl fi hi hu it ko fa pl pt ru sr sv tr vi",
    3: "af bn bs bg ceb da et gl ka el he id kk la lv lt ms ro sk sl tl fil ta th uk ur uz",
}
_RESOURCE_CLASS = {tag: level for level, tags in _RESOURCE_CLASSES.items() for tag in tags.split()}

# FLORES names the standard member of a macrolanguage where BCP 47 use names the macrolanguage.
_MEMBERS = {
    "arb": "ar", "ayr": "ay", "azj": "az", "ekk": "et", "pes": "fa", "gaz": "om", "khk": "mn",
    "cmn": "zh", "kmr": "ku", "lvs": "lv", "npi": "ne", "nob": "nb", "ory": "or", "pbt": "ps",
    "plt": "mg", "als": "sq", "swh": "sw", "ydd": "yi", "zsm": "ms", "uzn": "uz",
}  # fmt: skip
_FLORES_MEMBERS = {tag: code for code, tag in _MEMBERS.items()} | {"zh": "zho"}

# Korean is written in Hangul, with Chinese characters only here and there.
_PART_OF = {"Kore": "Hang"}
# A script that so great a part of a language's writers use is not its only one.
_SHARE_OF_WRITERS = 0.1

# POSIX locale modifiers that name a script or variant rather than a currency.
_MODIFIERS = {"latin": "Latn", "cyrillic": "Cyrl", "valencia": "valencia"}


@dataclass(frozen=True)
class Language:
    """What is known of a language: names, script, direction, resource class and family.

    ``resource_class`` is Joshi et al.'s (5 richest), 0 where the language is in none of 3 to 5;
    ``family`` is Glottolog's top-level family, empty where it is not known.
    """

    tag: str
    name: str
    autonym: str
    script: str
    direction: str
    resource_class: int
    family: str


def canonical(tag: str, *, where: str | None = None) -> str:
    """Return the canonical BCP 47 tag of a language: ``deu_Latn`` → ``de``, ``zh_hans`` → ``zh-Hans``.

    Raises:
        IsoglossError: The text is not a tag, or its language is not in the IANA registry.
    """
    found = _canonical(tag)
    if found is None:
        raise IsoglossError(
            f"{tag!r} is not a language tag",
            where=where,
            remedy="Use BCP 47 tags such as de, pt-BR, zh-Hans or sr-Latn",
        )
    return found


@cache
def _canonical(tag: str) -> str | None:
    try:
        first, *rest = tag.strip().replace("_", "-").split("-")
        known = "-".join([_MEMBERS.get(first.lower(), first), *rest])
        language = langcodes.Language.get(known, normalize=True)
        if not language.is_valid() or language.language in (None, "und"):
            return None
        if language.script and _goes_without_saying(str(language.language), language.script):
            language = language.update_dict({"script": None})
        return str(langcodes.standardize_tag(language.to_tag()))
    except (langcodes.tag_parser.LanguageTagError, AttributeError):
        return None


@cache
def _goes_without_saying(base: str, script: str) -> bool:
    """Tell whether a language is written in a script unless something else is said.

    So it is where CLDR takes it for the likely one, and no tenth of the writers use another
    (CLDR's territory data, as packaged in language_data): ``yo-Latn`` is ``yo``, but ``sr-Cyrl`` is
    not ``sr``, and Chinese always says which of its two standards it is written in.
    """
    from language_data.population_data import LANGUAGE_WRITING_POPULATION as WRITERS

    likely = langcodes.Language.get(base).maximize().script
    if base == "zh" or script not in (likely, _PART_OF.get(str(likely))):
        return False
    everyone = max(WRITERS.get(base, 0), 1)
    return not any(
        key.startswith(f"{base}-") and key.count("-") == 1 and len(key.split("-")[1]) == 4
        and key != f"{base}-{likely}" and writers >= _SHARE_OF_WRITERS * everyone
        for key, writers in WRITERS.items()
    )  # fmt: skip


def is_language(tag: str) -> bool:
    """Tell whether the text is a valid language tag."""
    return _canonical(tag) is not None


def from_locale(locale: str) -> str | None:
    """Return the tag of a POSIX locale name (``pt_BR``, ``sr_Latn``, ``ca@valencia``), or None."""
    base, _, modifier = locale.partition("@")
    parts = [part for part in base.split(".")[0].replace("-", "_").split("_") if part]
    extra = _MODIFIERS.get(modifier.lower()) if modifier else None
    if extra and len(extra) == 4:
        parts.insert(1, extra)
    elif extra:
        parts.append(extra)
    return _canonical("-".join(parts)) if parts else None


def to_flores(tag: str) -> str:
    """Return the FLORES-style code of a tag: ``de`` → ``deu_Latn``, ``zh-Hant`` → ``zho_Hant``."""
    language = langcodes.Language.get(canonical(tag)).maximize()
    code = _FLORES_MEMBERS.get(language.language or "") or language.to_alpha3()
    return f"{code}_{_PART_OF.get(str(language.script), language.script)}"


def display_name(tag: str, in_language: str) -> str:
    """Return the CLDR name of a language in another language: ``("de", "ja")`` → ``ドイツ語``.

    Falls back to the most specific part that CLDR names, at last to the English name.
    """
    return _display_name(canonical(tag), canonical(in_language))


@cache
def _display_name(tag: str, in_language: str) -> str:
    locale = _locale(in_language)
    language = langcodes.Language.get(tag)
    if locale is not None:
        candidates = [tag.replace("-", "_")]
        if language.script:
            candidates.append(f"{language.language}_{language.script}")
        candidates.append(language.language or "")
        for candidate in candidates:
            if candidate in locale.languages:
                return str(locale.languages[candidate])
    return str(language.display_name())


@cache
def _locale(tag: str) -> Locale | None:
    for separator_tag in (tag, tag.split("-")[0]):
        try:
            return Locale.parse(separator_tag, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return None


@cache
def describe(tag: str) -> Language:
    """Return what is known of a language.

    Raises:
        IsoglossError: The tag is not one.
    """
    tag = canonical(tag)
    language = langcodes.Language.get(tag)
    script = language.maximize().script or "Zyyy"
    return Language(
        tag=tag,
        name=str(language.display_name()),
        autonym=str(language.autonym()),
        script=script,
        direction="rtl" if script in _RIGHT_TO_LEFT else "ltr",
        resource_class=_RESOURCE_CLASS.get(language.language or "", 0),
        family=_families().get(language.language or "", ""),
    )


@cache
def _families() -> dict[str, str]:
    """Return the family of each base language that ``families.toml`` knows."""
    found = tomllib.loads(Path(__file__).with_name("families.toml").read_text(encoding="utf-8"))
    return {tag: family for family, tags in found.items() for tag in tags}


def same_language(left: str, right: str) -> bool:
    """Tell whether two tags share language and script, whatever their territory."""
    one, two = (langcodes.Language.get(canonical(tag)).maximize() for tag in (left, right))
    return (one.language, one.script) == (two.language, two.script)
