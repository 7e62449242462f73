"""Reading language tags, part by part, as any tool writes them.

Which parts there are is IANA's registry (``subtags.toml``, reduced by tests/perf/make_subtags.py);
what is likely where a tag says no more, CLDR's (as babel has it). No part of a tag is dropped
because it is not understood: a tag with such a part is refused.
"""

from __future__ import annotations

import codecs
import re
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import langcodes
from babel import Locale
from babel.core import get_global
from langcodes.data_dicts import LANGUAGE_REPLACEMENTS, TERRITORY_REPLACEMENTS
from langcodes.tag_parser import LanguageTagError, parse_tag

#: FLORES names the standard member of a macrolanguage where BCP 47 use names the macrolanguage.
MEMBERS = {
    "arb": "ar", "ayr": "ay", "azj": "az", "ekk": "et", "pes": "fa", "gaz": "om", "khk": "mn",
    "cmn": "zh", "kmr": "ku", "lvs": "lv", "npi": "ne", "nob": "nb", "ory": "or", "pbt": "ps",
    "plt": "mg", "als": "sq", "swh": "sw", "ydd": "yi", "zsm": "ms", "uzn": "uz",
}  # fmt: skip
# FLORES+'s codes of varieties that have a tag of their own.
_VARIETIES = {
    "apc-arab-nort3139": "apc", "apc-arab-sout3123": "ajp", "cat-latn-vale1252": "ca-valencia",
    "nob-latn-radical": "nb-x-radical", "oci-latn-aran1260": "oc-aranes",
    "twi-latn-akua1239": "tw-akuapem", "twi-latn-asan1239": "tw-asante",
}  # fmt: skip

#: A variety by its code in Glottolog, as FLORES+ writes them.
VARIETY = re.compile(r"[a-z]{4}[0-9]{4}")
# Tags that are out of date but not said otherwise here: FLORES-200 has both ajp and apc.
_KEPT = frozenset({"ajp"})
# Microsoft's names of two cultures, which .NET still knows.
_CULTURES = {"chs": "Hans", "cht": "Hant"}
#: Variants that say how a text is transcribed: no longer the language as it is written.
TRANSCRIBED = frozenset({"fonipa", "fonkirsh", "fonnapa", "fonupa", "fonxsamp"})
# Variants out of date (CLDR 48, aliases).
_VARIANTS = {"heploc": "alalc97", "polytoni": "polyton"}

# Microsoft and Java put the script behind the territory: az-AZ-Latn, zh_TW_#Hant.
_SCRIPT_LAST = re.compile(r"^([a-z]{2,3})-([a-z]{2}|[0-9]{3})-#?([a-z]{4})(?=-|$)")

#: Korean is written in Hangul, with Chinese characters only here and there.
PART_OF = {"Kore": "Hang"}
# A script that so great a part of a language's writers use is not its only one.
_SHARE_OF_WRITERS = 0.1

# Modifiers of POSIX locales that are neither a script's name (Unicode's or ISO 15924's) nor a
# registered variant, as glibc, GNU and KDE write them: what they say in a tag.
_MODIFIERS = {
    "ajami": ("Arab", ""), "iqtelif": ("Latn", ""), "jawi": ("Arab", ""),
    "shahmukhi": ("Arab", ""), "ekavian": ("", "ekavsk"), "ekavianlatin": ("Latn", "ekavsk"),
    "ijekavian": ("", "ijekavsk"), "ijekavianlatin": ("Latn", "ijekavsk"),
    "saaho": ("", "saaho"),
    # Of currency, order, clock and width: nothing that a text shows its language by.
    "euro": ("", ""), "abegede": ("", ""), "ampm": ("", ""), "cjknarrow": ("", ""),
    "cjkwide": ("", ""),
}  # fmt: skip
# Character sets of glibc's locales that Python has no codec for.
_CHARSETS = frozenset({"armscii-8", "georgian-ps", "tcvn5712-1", "iso-ir-209"})

# The parser of tags calls itself for each part; RFC 5646 (4.4.1) takes 35 characters for enough.
_LONGEST_TAG = 255
# As long as names are in errors.
_LONGEST = 40


def short(name: str) -> str:
    """Return a name as an error shows it."""
    return name if len(name) <= _LONGEST else name[:_LONGEST] + "…"


class _NotUnderstood(ValueError):
    """A part of a tag is not understood; the message says which."""


# Tags come from files, too: there is no end to what these may write.
@lru_cache(maxsize=1 << 16)
def canonical(tag: str) -> tuple[str, str]:
    """Return the canonical tag, and, where that is empty, what is not understood."""
    try:
        if len(tag) > _LONGEST_TAG:
            raise _NotUnderstood(f"it is over {_LONGEST_TAG} characters long")
        base, _, modifier = tag.strip().partition("@")
        base, _, charset = base.partition(".")
        if charset and not _is_charset(charset):
            raise _NotUnderstood(f"{short(charset)!r} is no character set")
        language = read(base)
        return _tag(_modified(language, modifier.lower()) if modifier else language), ""
    except (_NotUnderstood, LanguageTagError) as error:
        return "", str(error)


def _is_charset(name: str) -> bool:
    if name.lower() in _CHARSETS:
        return True
    with suppress(LookupError, ValueError):
        return bool(codecs.lookup(name)._is_text_encoding)
    return False


def _modified(language: Any, modifier: str) -> Any:
    """Return a language with what the modifier of a POSIX locale says."""
    script, variant = _MODIFIERS.get(modifier) or _modifier(modifier)
    if script and language.script not in (None, script):
        raise _NotUnderstood(f"{modifier!r} and {language.script} are two scripts")
    parts = [str(language.language), script or language.script, language.territory]
    parts += [*(language.variants or ()), variant, *(language.extensions or ())]
    return read("-".join(str(part) for part in [*parts, language.private] if part))


def _modifier(modifier: str) -> tuple[str, str]:
    if modifier in subtags()["variant"]:
        return "", modifier
    script = _scripts_by_name().get(modifier)
    if script is None:
        raise _NotUnderstood(f"the modifier {short(modifier)!r} is not known")
    return script, ""


@cache
def _scripts_by_name() -> dict[str, str]:
    """Return the codes of scripts by themselves and by CLDR's English names of one word."""
    names: dict[str, str] = dict(Locale("en").scripts)
    found = {name.lower(): code for code, name in sorted(names.items()) if name.isalpha()}
    return found | {code.lower(): code for code in names}


@cache
def subtags() -> dict[str, Any]:
    """Return the registry: its subtags in lower case by kind, and its tables."""
    path = Path(__file__).with_name("subtags.toml")
    found: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    for kind in ("language", "script", "region", "variant"):
        found[kind] = frozenset(_each(found[kind]))
    found["extlang"] = {key: frozenset(_each(some)) for key, some in found["extlang"].items()}
    return found


def _each(words: str) -> Iterator[str]:
    """Yield subtags; of a range (``qaa..qtz``) all that are in it."""
    for subtag in words.split():
        first, _, last = subtag.partition("..")
        yield first
        while last and first != last:
            first = _next(first)
            yield first


def _next(subtag: str) -> str:
    stem, end = subtag[:-1], subtag[-1]
    return _next(stem) + "a" if end == "z" else stem + chr(ord(end) + 1)


def read(tag: str) -> Any:
    """Read a tag; every part of it is registered, private use or an extension.

    Raises:
        _NotUnderstood: One is not.
        LanguageTagError: It is not laid out as a tag.
    """
    written = tag.strip().replace("_", "-").lower()
    written = _SCRIPT_LAST.sub(r"\1-\3-\2", written)
    if "-" in written:  # whole tags of earlier times (grandfathered and redundant ones)
        written = LANGUAGE_REPLACEMENTS.get(written, written)
    parts: list[tuple[str, str]] = parse_tag(_VARIETIES.get(written, written))  # type: ignore[no-untyped-call]
    if [kind for kind, _ in parts].count("extlang") > 1:
        raise _NotUnderstood("it has two extended languages")
    found = dict[str, Any](variants=[], extensions=[])
    for kind, value in parts:
        _take(found, kind, value.lower())
    if found["language"] in ("und", "root"):
        raise _NotUnderstood("it says no language")
    seen = [*found["variants"], *(one[:2] for one in found["extensions"])]
    if len(set(seen)) < len(seen):
        raise _NotUnderstood("a part of it is there twice")
    return langcodes.Language.make(**{key: value for key, value in found.items() if value})


def _take(found: dict[str, Any], kind: str, value: str) -> None:
    """Take a part of a tag into what was found before it."""
    if kind == "language":
        found |= _language(value)
    elif kind == "extlang":
        _take_extended(found, value)
    elif kind == "script":
        if value not in subtags()["script"]:
            raise _NotUnderstood(f"{value.title()!r} is no script")
        found["script"] = value.title()
    elif kind == "territory":
        territory = TERRITORY_REPLACEMENTS.get(value, value.upper())
        if territory.lower() not in subtags()["region"]:
            raise _NotUnderstood(f"{value.upper()!r} is no territory")
        sign = LANGUAGE_REPLACEMENTS.get(f"{found['language']}-{territory.lower()}")  # sgn-US
        found |= _language(sign) if sign else {"territory": territory}
    elif kind == "variant":
        _take_variant(found, value)
    elif kind == "extension":
        found["extensions"].append(value)
    elif kind == "private":
        found["private"] = value
    else:
        raise _NotUnderstood(f"nothing is said today for {value!r}")


def _language(value: str) -> dict[str, Any]:
    """Return the language of a subtag, as it is said today, and what that says beside it."""
    if value.startswith("x-"):
        raise _NotUnderstood("it says no language; one without a tag is written qaa to qtz")
    said = MEMBERS.get(value) or LANGUAGE_REPLACEMENTS.get(value)
    if said is None and value not in _KEPT:
        said = subtags()["preferred"].get(value)
    if said is not None:
        head, *rest = said.split("-")
        found = _language(head) if head != value else {"language": head}
        for part in rest:
            found["script" if len(part) == 4 else "territory"] = part
        return found
    if value not in subtags()["language"]:
        raise _NotUnderstood(f"{value!r} is no language")
    return {"language": value}


def _take_extended(found: dict[str, Any], value: str) -> None:
    """Take three letters behind a language: an extended language, or else a territory."""
    base = found["language"]
    territories = get_global("territory_aliases").get(value.upper(), ())
    if value in subtags()["extlang"].get(base, ()):
        found |= _language(value)
    elif base == "zh" and value in _CULTURES:
        found["script"] = _CULTURES[value]
    elif len(territories) == 1 and "territory" not in found:
        _take(found, "territory", territories[0].lower())
    else:
        raise _NotUnderstood(f"{value!r} is no extended language of {base}")


def _take_variant(found: dict[str, Any], value: str) -> None:
    base = found["language"]
    said = LANGUAGE_REPLACEMENTS.get(f"{base}-{value}")
    if said is not None:  # no-nynorsk, hy-arevmda
        found |= _language(said)
    elif (base, value) == ("hy", "arevela"):
        pass  # of which the registry says that it is Armenian
    elif _VARIANTS.get(value, value) in subtags()["variant"]:
        found["variants"].append(_VARIANTS.get(value, value))
    elif VARIETY.fullmatch(value):
        found["private"] = f"x-{value}"
    else:
        raise _NotUnderstood(f"{value!r} is no variant")


def _tag(language: Any) -> str:
    """Return the tag of a language as it was read, without a script that goes without saying."""
    base, script = str(language.language), language.script
    if script and _goes_without_saying(base, script):
        language = language.update_dict({"script": None})
    return str(language.simplify_script().to_tag())


@cache
def _goes_without_saying(base: str, script: str) -> bool:
    """Tell whether a language is written in a script unless something else is said.

    So it is where CLDR takes it for the likely one, and no tenth of the writers use another
    (CLDR's territory data, as packaged in language_data): ``yo-Latn`` is ``yo``, but ``sr-Cyrl`` is
    not ``sr``, and Chinese always says which of its two standards it is written in.
    """
    from language_data.population_data import LANGUAGE_WRITING_POPULATION as WRITERS

    first = likely(base, None)[0]
    if base == "zh" or script not in (first, PART_OF.get(first)):
        return False
    everyone = max(WRITERS.get(base, 0), 1)
    return not any(
        key.startswith(f"{base}-") and key.count("-") == 1 and len(key.split("-")[1]) == 4
        and key != f"{base}-{first}" and writers >= _SHARE_OF_WRITERS * everyone
        for key, writers in WRITERS.items()
    )  # fmt: skip


@cache
def likely(base: str, territory: str | None, script: str | None = None) -> tuple[str, str]:
    """Return the likely script of a language, and territory; empty where CLDR does not know.

    A language that CLDR takes for another (``gom`` for Konkani) is written as that is.
    """
    table, aliases = get_global("likely_subtags"), get_global("language_aliases")
    alias = str(aliases.get(base, "")).split("_")
    places = [(base, territory), (alias[0], alias[-1] if len(alias[-1]) == 2 else territory)]
    for name, place in places if alias[0] else places[:1]:
        for more in (f"_{script}_{place}", f"_{script}", f"_{place}", ""):
            found = table.get(name + more)
            if found and "None" not in more:
                _, written, *region = str(found).split("_")
                return script or written, territory or "".join(region)
    return script or "", territory or ""


def script_of(language: Any) -> str:
    """Return the script of a parsed tag: the one it says, or else the likely one; or empty."""
    return said_script(language) or likely(str(language.language), language.territory)[0]


def said_script(language: Any) -> str:
    """Return the script that a parsed tag says, itself or by a variant (Hepburn is Latin)."""
    of = subtags()["variant_script"]
    return language.script or next((of[one] for one in language.variants or () if one in of), "")
