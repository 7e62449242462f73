"""Language tags: BCP 47 inside, FLORES codes, locales and what else tools write at the edges."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

from babel import Locale, UnknownLocaleError

from isogloss import _tags
from isogloss.errors import IsoglossError

#: The script of a language of which none is known (ISO 15924).
UNKNOWN_SCRIPT = "Zzzz"

# CLDR 48, script metadata; and the styles of Syriac.
_RIGHT_TO_LEFT = frozenset(
    """
    Adlm Arab Aran Armi Avst Chrs Cprt Elym Gara Hatr Hebr Hung Khar Lydi Mand Mani Mend Merc Mero
    Narb Nbat Nkoo Orkh Ougr Palm Phli Phlp Phnx Prti Rohg Samr Sarb Sidt Sogd Sogo Syrc Syre Syrj Syrn Thaa Yezi
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

_MEMBER = {tag: code for code, tag in _tags.MEMBERS.items()}

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
# Languages of their own (ISO 639-3: prs, swc) that CLDR says by a territory.
_APART = frozenset({"fa-AF", "sw-CD"})
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
    found, problem = _tags.canonical(tag)
    if not found:
        raise IsoglossError(
            f"{_tags.short(tag)!r} is not a language tag: {problem}", where=where, remedy=_EXAMPLES
        )
    return found


def from_locale(locale: str) -> str | None:
    """Return what `canonical` does of a locale's name, or None where that would fail."""
    return _tags.canonical(locale)[0] or None


def is_language(tag: str) -> bool:
    """Tell whether the text is a valid language tag."""
    return bool(_tags.canonical(tag)[0])


def says_script(tag: str) -> bool:
    """Tell whether a tag says the script, so that no other is meant."""
    return bool(_tags.said_script(_parsed(tag)))


@lru_cache(maxsize=1 << 16)
def _parsed(tag: str) -> Any:
    return _tags.read(canonical(tag))


def maximal(tag: str) -> str:
    """Return a tag with the script and territory that are likely: ``zh-TW`` → ``zh-Hant-TW``."""
    language = _parsed(tag)
    script = _tags.script_of(language)
    _, territory = _tags.likely(str(language.language), language.territory, script or None)
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
    base, script = str(language.language), _tags.script_of(language)
    said = (language.private, *(language.variants or ()), language.territory, script)
    for name in (*(f"{base}-{more}" for more in said if more), base):
        code = known.get(name)
        if code is not None and (not language.script or code.split("_")[1] == script):
            return code
    try:
        code = _MEMBER.get(base) or language.to_alpha3()
    except LookupError:
        raise IsoglossError(f"{edition} has no code for {tag!r}", remedy=_EXAMPLES) from None
    code = f"{code}_{_tags.PART_OF.get(script, script or UNKNOWN_SCRIPT)}"
    variety = (language.private or "").removeprefix("x-")
    return (
        f"{code}_{variety}" if edition == "FLORES+" and _tags.VARIETY.fullmatch(variety) else code
    )


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
    language = _tags.read(tag)
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
    return name.replace(f"Unknown language [{base}]", _tags.subtags()["name"].get(base, base))


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
    language = _tags.read(tag)
    script = _tags.script_of(language)
    known = {"": "auto", UNKNOWN_SCRIPT: "auto"} | dict.fromkeys(_RIGHT_TO_LEFT, "rtl")
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
    found = _tags.subtags()["macrolanguage"]
    return {member: whole for whole, members in found.items() for member in members.split()}


def same_language(left: str, right: str) -> bool:
    """Tell whether two tags share language and script, whatever their territory.

    A dialect or an orthography (``ca-valencia``, ``de-1901``) is the language. Text that is
    transcribed or transformed (``en-fonipa``, ``ja-t-it``), or in a way that people agreed on among
    themselves (``en-x-pirate``), is not, nor are Dari and Congo Swahili (``fa-AF``, ``sw-CD``).
    """
    return _core(_parsed(left)) == _core(_parsed(right))


def _core(language: Any) -> tuple[Any, ...]:
    extensions = [one for one in language.extensions or () if one.startswith("t-")]
    variants = _tags.TRANSCRIBED.intersection(language.variants or ())
    apart = f"{language.language}-{language.territory}" in _APART and language.territory
    script = _tags.script_of(language)
    return (language.language, script, apart, language.private, variants, *extensions)


def served(tag: str, languages: Sequence[str]) -> str:
    """Return the recipe's own tag for a language (``zh`` → ``zh-Hans``), or else the canonical one."""
    known = canonical(tag)
    if known in languages:
        return known
    return next((own for own in languages if same_language(own, known)), known)


def nearest(tags: Iterable[str], language: str) -> str | None:
    """Return which of several canonical tags serves a language best, or None where none does.

    That is its own; else the one that is meant where nothing more is said (``zh-TW`` for
    ``zh-Hant``, ``en-US`` for ``en``); else the alphabetically first of its language and script.
    """
    full = maximal(language)
    near = [tag for tag in tags if same_language(tag, language)]
    order = [(tag != language, maximal(tag) != full, tag) for tag in near]
    return min(order)[-1] if order else None
