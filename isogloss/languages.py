"""Language tags: BCP 47 inside, FLORES codes, locales and what else tools write at the edges.

Which tags there are is IANA's registry (``subtags.toml``, reduced by tests/perf/make_subtags.py);
what is likely where a tag says no more, CLDR's (as babel has it). No part of a tag is dropped
because it is not understood: a tag with such a part is refused.
"""

from __future__ import annotations

import codecs
import re
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

import langcodes
from babel import Locale, UnknownLocaleError
from babel.core import get_global
from langcodes.data_dicts import LANGUAGE_REPLACEMENTS, TERRITORY_REPLACEMENTS
from langcodes.tag_parser import LanguageTagError, parse_tag

from isogloss.errors import IsoglossError

#: The script of a language of which none is known (ISO 15924).
UNKNOWN_SCRIPT = "Zzzz"

# CLDR 48, script metadata.
_RIGHT_TO_LEFT = frozenset(
    """
    Adlm Arab Aran Armi Avst Chrs Cprt Elym Gara Hatr Hebr Hung Khar Lydi Mand Mani Mend Merc Mero
    Narb Nbat Nkoo Orkh Ougr Palm Phli Phlp Phnx Prti Rohg Samr Sarb Sidt Sogd Sogo Syrc Thaa Yezi
    """.split()
)

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
_MEMBER = {tag: code for code, tag in _MEMBERS.items()}

#: The editions of FLORES. FLORES-200 (NLLB Team 2022; 204 codes, also those of NLLB's models) is
#: also FLORES+ 1.0; FLORES+ 2.0 (Open Language Data Initiative) named some texts anew.
Edition = Literal["FLORES-200", "FLORES+"]
EDITIONS: tuple[Edition, ...] = ("FLORES-200", "FLORES+")
# Where an edition calls a language otherwise than the rule does; FLORES+'s changelog says what was
# called how before.
_FLORES: dict[Edition, dict[str, str]] = {
    "FLORES-200": {
        "et": "est_Latn", "fa-AF": "prs_Arab", "fil": "tgl_Latn", "gug": "grn_Latn",
        "ktu": "kon_Latn", "tw-akuapem": "twi_Latn", "tw-asante": "aka_Latn",
        "zgh": "tzm_Tfng", "zh-Hans": "zho_Hans", "zh-Hant": "zho_Hant",
    },
    "FLORES+": {
        "ajp": "apc_Arab_sout3123", "ak": "twi_Latn_asan1239", "apc": "apc_Arab_nort3139",
        "ca-valencia": "cat_Latn_vale1252", "fa-AF": "prs_Arab", "gn": "gug_Latn",
        "kg": "ktu_Latn", "nb-x-radical": "nob_Latn_radical", "oc-aranes": "oci_Latn_aran1260",
        "tw": "twi_Latn_akua1239", "tw-akuapem": "twi_Latn_akua1239",
        "tw-asante": "twi_Latn_asan1239", "tzm-Tfng": "zgh_Tfng",
    },
}  # fmt: skip
# FLORES+'s codes of varieties that have a tag of their own.
_VARIETIES = {
    "apc-arab-nort3139": "apc", "apc-arab-sout3123": "ajp", "cat-latn-vale1252": "ca-valencia",
    "nob-latn-radical": "nb-x-radical", "oci-latn-aran1260": "oc-aranes",
    "twi-latn-akua1239": "tw-akuapem", "twi-latn-asan1239": "tw-asante",
}  # fmt: skip

# Tags that are out of date but not said otherwise here: FLORES-200 has both ajp and apc.
_KEPT = frozenset({"ajp"})
# Microsoft's names of two cultures, which .NET still knows.
_CULTURES = {"chs": "Hans", "cht": "Hant"}
# Variants that say how a text is transcribed: no longer the language as it is written.
_TRANSCRIBED = frozenset({"fonipa", "fonkirsh", "fonnapa", "fonupa", "fonxsamp"})
# Variants out of date (CLDR 48, aliases).
_VARIANTS = {"heploc": "alalc97", "polytoni": "polyton"}

# A variety by its code in Glottolog, as FLORES+ writes them.
_VARIETY = re.compile(r"[a-z]{4}[0-9]{4}")
# Microsoft and Java put the script behind the territory: az-AZ-Latn, zh_TW_#Hant.
_SCRIPT_LAST = re.compile(r"^([a-z]{2,3})-([a-z]{2}|[0-9]{3})-#?([a-z]{4})(?=-|$)")

# Korean is written in Hangul, with Chinese characters only here and there.
_PART_OF = {"Kore": "Hang"}
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
_EXAMPLES = "Use BCP 47 tags such as de, pt-BR, zh-Hans or sr-Latn"


@dataclass(frozen=True)
class Language:
    """What is known of a language: names, script, direction, resource class and family.

    ``script`` is that of ISO 15924, `UNKNOWN_SCRIPT` where none is known; ``direction`` is ``ltr``,
    ``rtl`` or, where the script is not known, ``auto``, as HTML has them; ``resource_class`` is
    Joshi et al.'s (5 richest), 0 where the language is in none of 3 to 5; ``family`` is
    Glottolog's top-level family, empty where it is not known. A language that people agreed on
    among themselves (``qaa``) has its tag for a name.
    """

    tag: str
    name: str
    autonym: str
    script: str
    direction: str
    resource_class: int
    family: str


def canonical(tag: str, *, where: str | None = None) -> str:
    """Return the canonical BCP 47 tag of a language as any tool writes it, in any case.

    - Overlong, deprecated, grandfathered and extended languages are said as RFC 5646 (4.5) and CLDR
      do: ``iw`` → ``he``, ``i-klingon`` → ``tlh``, ``ar-arz`` → ``arz``.
    - FLORES codes of both editions: ``deu_Latn`` → ``de``, ``cmn_Hant`` → ``zh-Hant``.
    - Microsoft's and Java's names: ``zh-CHT`` → ``zh-Hant``, ``az-AZ-Latn`` → ``az-Latn-AZ``;
      territories by three letters: ``en-USA``.
    - POSIX locales with a character set, which says nothing of the language, and a modifier: a
      script (``sr@latin``, ``sd_IN@devanagari``), a variant (``ca_ES@valencia``), both
      (``sr@ijekavianlatin``), or a currency (``de_DE@euro``).

    Raises:
        IsoglossError: It is no language, or a part of it is not understood.
    """
    found, problem = _canonical(tag)
    if not found:
        told = f": {problem}" if problem else ""
        raise IsoglossError(
            f"{_short(tag)!r} is not a language tag{told}", where=where, remedy=_EXAMPLES
        )
    return found


def from_locale(locale: str) -> str | None:
    """Return what `canonical` does of a locale's name, or None where that would fail."""
    return _canonical(locale)[0] or None


def is_language(tag: str) -> bool:
    """Tell whether the text is a valid language tag."""
    return bool(_canonical(tag)[0])


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else name[:_LONGEST] + "…"


class _NotUnderstood(ValueError):
    """A part of a tag is not understood; the message says which."""


# Tags come from files, too: there is no end to what these may write.
@lru_cache(maxsize=1 << 16)
def _canonical(tag: str) -> tuple[str, str]:
    """Return the canonical tag, and, where that is empty, what is not understood."""
    try:
        if len(tag) > _LONGEST_TAG:
            raise _NotUnderstood(f"it is over {_LONGEST_TAG} characters long")
        base, _, modifier = tag.strip().partition("@")
        base, _, charset = base.partition(".")
        if charset and not _is_charset(charset):
            raise _NotUnderstood(f"{_short(charset)!r} is no character set")
        language = _read(base)
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
    return _read("-".join(str(part) for part in [*parts, language.private] if part))


def _modifier(modifier: str) -> tuple[str, str]:
    if modifier in _subtags()["variant"]:
        return "", modifier
    script = _scripts_by_name().get(modifier)
    if script is None:
        raise _NotUnderstood(f"the modifier {_short(modifier)!r} is not known")
    return script, ""


@cache
def _scripts_by_name() -> dict[str, str]:
    """Return the codes of scripts by themselves and by CLDR's English names of one word."""
    names = Locale("en").scripts
    found = {name.lower(): code for code, name in sorted(names.items()) if name.isalpha()}
    return found | {code.lower(): code for code in names}


@cache
def _subtags() -> dict[str, Any]:
    """Return the registry: its subtags in lower case by kind, and its tables."""
    path = Path(__file__).with_name("subtags.toml")
    found: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    for kind in ("language", "script", "region", "variant"):
        found[kind] = frozenset(_each(found[kind]))
    found["extlang"] = {key: frozenset(_each(some)) for key, some in found["extlang"].items()}
    return found


def _each(subtags: str) -> Iterator[str]:
    """Yield subtags; of a range (``qaa..qtz``) all that are in it."""
    for subtag in subtags.split():
        first, _, last = subtag.partition("..")
        yield first
        while last and first != last:
            first = _next(first)
            yield first


def _next(subtag: str) -> str:
    stem, end = subtag[:-1], subtag[-1]
    return _next(stem) + "a" if end == "z" else stem + chr(ord(end) + 1)


def _read(tag: str) -> Any:
    """Read a tag; every part of it is registered, private use or an extension.

    Raises:
        _NotUnderstood: One is not.
        LanguageTagError: It is not laid out as a tag.
    """
    written = tag.strip().replace("_", "-").lower()
    written = _SCRIPT_LAST.sub(r"\1-\3-\2", written)
    if "-" in written:  # whole tags of earlier times (grandfathered and redundant ones)
        written = LANGUAGE_REPLACEMENTS.get(written, written)
    parts = parse_tag(_VARIETIES.get(written, written))
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
        if value not in _subtags()["script"]:
            raise _NotUnderstood(f"{value.title()!r} is no script")
        found["script"] = value.title()
    elif kind == "territory":
        territory = TERRITORY_REPLACEMENTS.get(value, value.upper())
        if territory.lower() not in _subtags()["region"]:
            raise _NotUnderstood(f"{value.upper()!r} is no territory")
        found["territory"] = territory
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
    subtags = _subtags()
    said = _MEMBERS.get(value) or LANGUAGE_REPLACEMENTS.get(value)
    if said is None and value not in _KEPT:
        said = subtags["preferred"].get(value)
    if said is not None:
        head, *rest = said.split("-")
        found = _language(head) if head != value else {"language": head}
        for part in rest:
            found["script" if len(part) == 4 else "territory"] = part
        return found
    if value not in subtags["language"]:
        raise _NotUnderstood(f"{value!r} is no language")
    return {"language": value}


def _take_extended(found: dict[str, Any], value: str) -> None:
    """Take three letters behind a language: an extended language, or else a territory."""
    base = found["language"]
    territories = get_global("territory_aliases").get(value.upper(), ())
    if value in _subtags()["extlang"].get(base, ()):
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
    elif _VARIANTS.get(value, value) in _subtags()["variant"]:
        found["variants"].append(_VARIANTS.get(value, value))
    elif _VARIETY.fullmatch(value):
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

    likely = _likely(base, None)[0]
    if base == "zh" or script not in (likely, _PART_OF.get(likely)):
        return False
    everyone = max(WRITERS.get(base, 0), 1)
    return not any(
        key.startswith(f"{base}-") and key.count("-") == 1 and len(key.split("-")[1]) == 4
        and key != f"{base}-{likely}" and writers >= _SHARE_OF_WRITERS * everyone
        for key, writers in WRITERS.items()
    )  # fmt: skip


@cache
def _likely(base: str, territory: str | None, script: str | None = None) -> tuple[str, str]:
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
                _, likely, *region = str(found).split("_")
                return script or likely, territory or "".join(region)
    return script or "", territory or ""


def _script(language: Any) -> str:
    """Return the script of a parsed tag: the one it says, or else the likely one; or empty."""
    return _said_script(language) or _likely(str(language.language), language.territory)[0]


def _said_script(language: Any) -> str:
    """Return the script that a parsed tag says, itself or by a variant (Hepburn is Latin)."""
    of = _subtags()["variant_script"]
    return language.script or next((of[one] for one in language.variants or () if one in of), "")


def says_script(tag: str) -> bool:
    """Tell whether a tag says the script, so that no other is meant."""
    return bool(_said_script(_parsed(tag)))


@lru_cache(maxsize=1 << 16)
def _parsed(tag: str) -> Any:
    return _read(canonical(tag))


def maximal(tag: str) -> str:
    """Return a tag with the script and territory that are likely: ``zh-TW`` → ``zh-Hant-TW``."""
    language = _parsed(tag)
    script = _script(language)
    _, territory = _likely(str(language.language), language.territory, script or None)
    return str(
        language.update_dict({"script": script or None, "territory": territory or None}).to_tag()
    )


def to_flores(tag: str, edition: Edition = "FLORES-200") -> str:
    """Return the code of a tag in an edition of FLORES: ``de`` → ``deu_Latn``, ``et`` → ``est_Latn``.

    A language that the edition has not is named after its rule: ISO 639-3, its script, and in
    FLORES+ the variety.

    Raises:
        IsoglossError: The tag is none, or one of a language that ISO 639-3 has no code for.
    """
    language = _parsed(tag)
    known = _FLORES[edition]
    base, script = str(language.language), _script(language)
    said = (language.private, *(language.variants or ()), language.territory, script)
    for name in (*(f"{base}-{more}" for more in said if more), base):
        code = known.get(name)
        if code is not None and (not language.script or code.split("_")[1] == script):
            return code
    try:
        code = _MEMBER.get(base) or language.to_alpha3()
    except LookupError:
        raise IsoglossError(f"{edition} has no code for {tag!r}", remedy=_EXAMPLES) from None
    code = f"{code}_{_PART_OF.get(script, script or UNKNOWN_SCRIPT)}"
    variety = (language.private or "").removeprefix("x-")
    return f"{code}_{variety}" if edition == "FLORES+" and _VARIETY.fullmatch(variety) else code


def flores_codes(tag: str) -> tuple[str, ...]:
    """Return the codes of a tag in all editions of FLORES, none twice; none where it has none."""
    with suppress(IsoglossError):
        return tuple(dict.fromkeys(to_flores(tag, edition) for edition in EDITIONS))
    return ()


def display_name(tag: str, in_language: str) -> str:
    """Return the CLDR name of a language in another language: ``("de", "ja")`` → ``ドイツ語``.

    Falls back to the most specific part that CLDR names, at last to the English name.
    """
    return _display_name(canonical(tag), canonical(in_language))


@cache
def _display_name(tag: str, in_language: str) -> str:
    locale = _locale(in_language)
    language = _read(tag)
    if locale is not None:
        candidates = [tag.replace("-", "_")]
        if language.script:
            candidates.append(f"{language.language}_{language.script}")
        candidates.append(language.language or "")
        for candidate in candidates:
            if candidate in locale.languages:
                return str(locale.languages[candidate])
    return _named(language, str(language.display_name()))


def _named(language: Any, name: str) -> str:
    """Return a name, of a language that language_data has none for the registry's, or its subtag."""
    base = str(language.language)
    return name.replace(f"Unknown language [{base}]", _subtags()["name"].get(base, base))


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
    language = _read(tag)
    script = _script(language)
    known = {"": "auto"} | dict.fromkeys(_RIGHT_TO_LEFT, "rtl")
    return Language(
        tag=tag,
        name=_named(language, str(language.display_name())),
        autonym=_named(language, str(language.autonym())),
        script=script or UNKNOWN_SCRIPT,
        direction=known.get(script, "ltr"),
        resource_class=_RESOURCE_CLASS.get(language.language or "", 0),
        family=_families().get(language.language or "", ""),
    )


@cache
def _families() -> dict[str, str]:
    """Return the family of each base language that ``families.toml`` knows."""
    found = tomllib.loads(Path(__file__).with_name("families.toml").read_text(encoding="utf-8"))
    return {tag: family for family, tags in found.items() for tag in tags}


@cache
def macrolanguage(base: str) -> str:
    """Return the macrolanguage that a base language is of in ISO 639-3, or itself."""
    return _macrolanguages().get(base, base)


@cache
def _macrolanguages() -> dict[str, str]:
    found = _subtags()["macrolanguage"]
    return {member: whole for whole, members in found.items() for member in members.split()}


def same_language(left: str, right: str) -> bool:
    """Tell whether two tags share language and script, whatever their territory.

    A dialect or an orthography (``ca-valencia``, ``de-1901``) is the language. Text that is
    transcribed or transformed (``en-fonipa``, ``ja-t-it``), or in a way that people agreed on among
    themselves (``en-x-pirate``), is not.
    """
    return _core(_parsed(left)) == _core(_parsed(right))


def _core(language: Any) -> tuple[Any, ...]:
    extensions = [one for one in language.extensions or () if one.startswith("t-")]
    variants = _TRANSCRIBED.intersection(language.variants or ())
    return (language.language, _script(language), language.private, variants, *extensions)
