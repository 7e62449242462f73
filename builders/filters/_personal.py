"""Finding personal data in text: what looks like it, and whether it is (checksums, plans, registries).

Precision comes before recall: a number is not masked for being long. Addresses of documentation
(RFC 2606) and of private networks (RFC 1918 and the like) are nobody's.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Literal

import regex

from isogloss.errors import IsoglossError

Kind = Literal["email", "phone", "ip", "iban", "card"]

# So many digits a telephone number has at least.
_SHORTEST = 9

# What is found at one place is taken for the first of these that it is.
_ORDER: tuple[Kind, ...] = ("email", "iban", "card", "ip", "phone")

_EMAIL = r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}"
_IBAN = r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?"
_CARD = r"[2-6][0-9]{3}(?:[ -]?[0-9]){9,15}"
_IPV4 = r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}"
_IPV6 = r"(?:[0-9A-Fa-f]{0,4}:){3,7}[0-9A-Fa-f]{0,4}"
_INTERNATIONAL = r"[+＋]\d[\d\s().\x{2010}-\x{2015}\x{2212}/-]{5,}\d"
_NATIONAL = r"\d[\d\s().\x{2010}-\x{2015}\x{2212}/-]{4,}\d"

# In a longer run of such characters, it is something else. (Text of a script without spaces may
# stand right beside it.)
_PATTERNS: dict[Kind, regex.Pattern[str]] = {
    "email": regex.compile(rf"(?<![A-Za-z0-9._%+-]){_EMAIL}(?![A-Za-z0-9-])"),
    "iban": regex.compile(rf"(?<![A-Za-z0-9]){_IBAN}(?![A-Za-z0-9])"),
    "card": regex.compile(rf"(?<![\d.,-]){_CARD}(?![\d-]|[.,]\d)"),
    "ip": regex.compile(
        rf"(?<![A-Za-z0-9.:-])(?:{_IPV4}(?![0-9A-Za-z-]|\.[0-9])|{_IPV6}(?![0-9A-Za-z:]))"
    ),
}  # fmt: skip

_NOBODY = regex.compile(
    r"(?:^|[.@])(?:example(?:\.(?:com|net|org))?|test|invalid|localhost)$", regex.I
)

# Lengths that issuers of cards give out, by the first digits (ISO/IEC 7812).
_CARDS = (
    (regex.compile(r"4"), (13, 16, 19)),
    (regex.compile(r"5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)"), (16,)),
    (regex.compile(r"3[47]"), (15,)),
    (regex.compile(r"3(?:0[0-5]|[689])"), (14,)),
    (regex.compile(r"35(?:2[89]|[3-8])"), (16,)),
    (regex.compile(r"6(?:011|4[4-9]|5|2)"), (16, 17, 18, 19)),
)


class Finder:
    """Finds personal data of some kinds.

    Args:
        kinds: The kinds.
        regions: Countries whose telephone numbers are found without the country's code.

    Raises:
        IsoglossError: A library that tells them is not installed, or a country is unknown.
    """

    def __init__(self, kinds: Sequence[Kind], regions: Sequence[str] = ()) -> None:
        self.kinds = [kind for kind in _ORDER if kind in kinds]
        self.regions = tuple(regions)
        if "phone" in self.kinds:
            known = _library("phonenumbers").SUPPORTED_REGIONS
            for region in self.regions:
                if region not in known:
                    raise IsoglossError(
                        f"{region!r} is no country with telephone numbers",
                        where="the filter pii: regions",
                        remedy="Write ISO 3166 codes in capitals, such as DE",
                    )
        if {"iban", "card"} & set(self.kinds):
            _library("stdnum")

    @property
    def maybe(self) -> str:
        """A pattern that all texts match which hold such data, without look-around."""
        looks = {
            "email": _EMAIL,
            "iban": _IBAN,
            "card": _CARD,
            "ip": f"{_IPV4}|{_IPV6}",
            "phone": _NATIONAL if self.regions else _INTERNATIONAL,
        }
        return "|".join(looks[kind] for kind in self.kinds)

    def count(self, text: str) -> int:
        """Return how many such data a text holds."""
        return sum(1 for kind in self.kinds for _ in self._spans(text, kind))

    def mask(self, text: str) -> str:
        """Return the text with such data replaced by ``<EMAIL>``, ``<PHONE>`` and so on."""
        for kind in self.kinds:
            parts, start = [], 0
            for begin, end in self._spans(text, kind):
                parts += [text[start:begin], f"<{kind.upper()}>"]
                start = end
            text = "".join([*parts, text[start:]])
        return text

    def _spans(self, text: str, kind: Kind) -> Iterator[tuple[int, int]]:
        if kind == "phone":
            yield from _phones(text, self.regions)
            return
        for match in _PATTERNS[kind].finditer(text):
            length = _LENGTHS[kind](match[0])
            if length:
                yield match.start(), match.start() + length


def _email(found: str) -> int:
    return 0 if _NOBODY.search(found) else len(found)


def _iban(found: str) -> int:
    """Return how much of what was found is an IBAN: words in capitals may follow it."""
    is_valid = _library("stdnum.iban").is_valid
    while len(found) >= 15:
        if is_valid(found):
            return len(found)
        found = found.rpartition(" ")[0]
    return 0


def _card(found: str) -> int:
    digits = found.replace(" ", "").replace("-", "")
    issued = any(start.match(digits) and len(digits) in lengths for start, lengths in _CARDS)
    return len(found) if issued and _library("stdnum.luhn").is_valid(digits) else 0


def _ip(found: str) -> int:
    try:
        address = ipaddress.ip_address(found)
    except ValueError:
        return 0
    # Versions and numbers of sections ("1.2.10.4") have small parts.
    if address.version == 4 and sum(len(part) > 1 for part in found.split(".")) < 3:
        return 0
    return len(found) if address.is_global else 0


_LENGTHS = {"email": _email, "iban": _iban, "card": _card, "ip": _ip}


def _phones(text: str, regions: Sequence[str]) -> Iterator[tuple[int, int]]:
    phonenumbers = _library("phonenumbers")
    end = 0
    # Without the country's code, a number must be parted as the country does it, and be so long
    # that it is no range of years.
    strict = phonenumbers.Leniency.EXACT_GROUPING if regions else phonenumbers.Leniency.VALID
    spans = {
        (match.start, match.end)
        for region in regions or (None,)
        for match in phonenumbers.PhoneNumberMatcher(text, region, leniency=strict)
    }
    for begin, stop in sorted(spans):
        digits = sum(character.isdecimal() for character in text[begin:stop])
        if begin >= end and digits >= _SHORTEST:
            yield begin, stop
            end = stop


def _library(name: str) -> ModuleType:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError as error:
        package = {"stdnum": "python-stdnum"}.get(name.split(".")[0], name)
        raise IsoglossError(
            f"the filter pii needs {package}, which is not installed",
            remedy='Run: pip install "isogloss[clean]"',
        ) from error
