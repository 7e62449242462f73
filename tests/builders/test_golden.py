"""A small corpus of every step, and a run on it, whose content is known: no change goes unseen.

What is hashed is content: of Parquet the schema and the rows, since other versions of polars write
other bytes for them, and of JSON all but versions and what hangs on them.

To renew the hashes, once it is known why the rows are others: ``python -m pytest
tests/builders/test_golden.py`` fails with the new ones; put them in place of the old, and count the
rows that changed in CHANGELOG. Hashes that change for no reason that can be told are a fault found.
"""

from __future__ import annotations

import bz2
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import polars.selectors as cs
import pytest
from support.command import done

import builders
from isogloss.plugins import discover

GOLDEN = {
    "steps: data": "2e5d0f30ece2857d7faea176b246f967c386aea9130227d39cb085778916ff0f",
    "steps: rejected": "a7b02fea5c5093b4958fae5dcd2635c484a760163f5e0fa0532d61c10bc95bdd",
    "steps: scores": "71ddda5dc499659b6989b937eb2240c5a23c8f4baabbf443d8c52f4962b65575",
    "steps: thresholds": "48b868fb3420fcbdd04595af4274e295453675f158d44bb76edaaad2c0305a82",
    "steps: manifest": "085ee17ed829bf4f5257b404be5e3194e60988efa9df4b759ce5e8f9189a0766",
    "sources: data": "5ae3d5ca0c097969c5bdce845593dc8c76b138bc401b866f72305327448d68f8",
    "sources: rejected": "d6b94d41cd0d0d9c1b38cb6e7d66bee863053afbcc80ee064de64bca4d15a69f",
    "sources: manifest": "e50313cf83976a914f93250105b63ba67c79b143375efd4b763cd583555e7fb1",
    "clean": "ab1e4aff4f1d1d19cc952a1e8101cb513dce9e6c4ccfd4bd9b37d0214d0ff985",
    "run": "998de3cd2bd93d6ae4efdc5e0dbf0b25a9056173a51efeb25fefae24ee73bef9",
}
RENEWING = """
  now:    {now}
  before: {before}
The content of {what} is another one than it was. If that is on purpose, count the rows that changed in
CHANGELOG and renew the hash in GOLDEN; the versions of Unicode, CLDR (babel) and the metrics' libraries
can be the cause, too. If not, find out why: somebody's corpus is no longer the one that it was."""

#: Every step, over sources of seven kinds.
STEPS = """
name = "steps"
seed = 3
languages = ["en", "de", "ar", "th", "zh-Hans", "ru", "sw"]
tasks = ["translation", "qa", "summarization"]
licences = ["CC-BY-*", "CC0-1.0", "MIT"]
templates = ["own-templates.toml"]

[[sources]]
name = "lines"
kind = "parallel"
path = "lines/{language}.txt"
licence = "CC0-1.0"
limit = 30

[[sources]]
name = "memory"
kind = "tmx"
path = "memory.tmx"
directions = ["all"]
licence = "CC0-1.0"

[[sources]]
name = "passages"
kind = "squad"
path = "passages.{language}.json"
licence = "CC-BY-SA-4.0"

[[sources]]
name = "pairs"
kind = "files"
path = "pairs.jsonl"
task = "translation"
columns = { input = "src", output = "tgt", language = "lang" }
source_language = "en"
licence = "CC-BY-4.0"

[[sources]]
name = "table"
kind = "files"
path = "pairs.csv"
task = "translation"
columns = { input = "en", output = "zh", id = "id", licence = "licence", tags = "kind" }
source_language = "en"
language = "zh-Hans"

[[sources]]
name = "talk"
kind = "dialogue"
path = "talk"
turns = "all"
licence = "MIT"

[[sources]]
name = "articles"
kind = "summaries"
path = "articles.jsonl"
language = "de"
licence = "CC0-1.0"

[[filters]]
name = "unicode"
mojibake = "repair"
bidi = "mend"
width = "fold"

[[filters]]
name = "markup"
action = "strip"
languages = ["de"]

[[filters]]
name = "pii"
kinds = ["email", "ip"]

[[filters]]
name = "empty"
letters = true
tasks = ["translation"]

[[filters]]
name = "length"
max_chars = 400
by_language = { th = { max_chars = 120 } }

[[filters]]
name = "length"
min_english_chars = 4
tasks = ["translation"]

[[filters]]
name = "length-ratio"
max_ratio = 2.2
words = true

[[filters]]
name = "script"

[[filters]]
name = "copied"

[[filters]]
name = "repetition"

[[filters]]
name = "numbers"

[[filters]]
name = "links"

[[filters]]
name = "placeholders"

[[filters]]
name = "markup"

[[filters]]
name = "language"
backend = "fasttext"

[duplicates.near]
jaccard = 0.75
keep = "longest"

[decontamination]
suites = ["suite.toml"]
ignore = ["on its way to the harbour"]

[split]
test = 0.12
validation = 0.05
test_rows = 5
least_test_rows = 2

[mixture]
unit = "characters"
budget = 12_000
max_epochs = 2
held_out = ["ru"]
epochs = { talk = 2 }
test = { translation = 8, qa = 6 }

[mixture.languages]
temperature = 2
weights = { de = 1.5 }
floors = { sw = 300 }

[mixture.origins]
weights = { synthetic = 0.5 }

[mixture.tasks]
shares = { summarization = 0.3 }
"""

#: The other kinds of sources, and few steps.
SOURCES = """
name = "sources"
languages = ["en", "de", "ar", "th", "zh-Hans", "ru", "sw"]
instruction_language = "en"

[[sources]]
name = "catalogs"
kind = "gettext"
path = "po"
licence = "MIT"
directions = ["from-english", "to-english", "between"]

[[sources]]
name = "lines"
kind = "parallel"
path = "lines/{language}.txt"
licence = "CC0-1.0"
limit = 30

[[sources]]
name = "memory"
kind = "tmx"
path = "memory.tmx"
directions = ["all"]
licence = "CC0-1.0"

[[sources]]
name = "two"
kind = "moses"
source = "two.{source_language}-{language}.src"
target = "two.{source_language}-{language}.ref.*"
both_directions = true
licence = "CC0-1.0"

[[sources]]
name = "documents"
kind = "wmt"
path = "set.xml"
split = "test"
licence = "LicenseRef-WMT"

[[sources]]
name = "open"
kind = "mkqa"
path = "mkqa.jsonl.bz2"

[[sources]]
name = "sums"
kind = "files"
path = { "sums.tsv" = "th" }
task = "qa"
columns = { instruction = "", input = "frage", output = "antwort" }
licence = "CC-BY-4.0"

[[sources]]
name = "problems"
kind = "problems"
path = "problems.jsonl"
language = "en"
licence = "MIT"

[[sources]]
name = "functions"
kind = "functions"
path = "src/*.py"
language = "en"
licence = "MIT"

[[sources]]
name = "packages"
kind = "package-descriptions"
path = "i18n"

[[sources]]
name = "pivoted"
kind = "pivot"
of = ["lines", "memory"]
pairs = ["de:th", "ar:sw"]

[[sources]]
name = "back"
kind = "back-translation"
of = ["lines"]
languages = ["sw"]
model = "backwards"
limit = 12

[[filters]]
name = "empty"
tasks = ["translation"]

[split]
test = 0.1

[mixture]
train = { translation = 12, qa = 8 }
"""

TEMPLATES = """version = "1"
task = "translation"

[[templates]]
id = "en-1"
language = "en"
instruction = "Put this {source_language} text into {target_language}:"

[[templates]]
id = "sw-own"
language = "sw"
instruction = "Tafsiri kwa {target_language}:"
"""

SUITE = 'name = "ours"\nversion = "1"\ndescription = "Lines."\nlicence = "CC0-1.0"\nrecords = "suite.jsonl"\n'

# Sentences of two parts, the same in each language.
PARTS = {
    "en": (
        ["The old lighthouse keeper", "My youngest sister", "A travelling musician", "The village doctor",
         "Our new neighbour", "The captain of the ship"],
        ["bought fresh bread at the market", "wrote a long letter to the mayor",
         "lost the key of the garden gate", "found a map below the stairs", "waited for the evening train"],
    ),
    "de": (
        ["Der alte Leuchtturmwärter", "Meine jüngste Schwester", "Ein reisender Musiker", "Der Arzt des Dorfes",
         "Unser neuer Nachbar", "Der Kapitän des Schiffes"],
        ["kaufte frisches Brot auf dem Markt", "schrieb einen langen Brief an den Bürgermeister",
         "verlor den Schlüssel des Gartentors", "fand eine Karte unter der Treppe", "wartete auf den Abendzug"],
    ),
    "ar": (
        ["حارس المنارة العجوز", "أختي الصغرى", "موسيقي متجول", "طبيب القرية", "جارنا الجديد", "قبطان السفينة"],
        ["اشترى خبزا طازجا من السوق", "كتب رسالة طويلة إلى رئيس البلدية", "أضاع مفتاح بوابة الحديقة",
         "وجد خريطة تحت الدرج", "انتظر قطار المساء"],
    ),
    "th": (
        ["คนเฝ้าประภาคารชรา", "น้องสาวคนเล็กของฉัน", "นักดนตรีพเนจร", "หมอประจำหมู่บ้าน", "เพื่อนบ้านใหม่ของเรา", "กัปตันเรือ"],
        ["ซื้อขนมปังสดที่ตลาด", "เขียนจดหมายยาวถึงนายกเทศมนตรี", "ทำกุญแจประตูสวนหาย", "พบแผนที่ใต้บันได", "รอรถไฟรอบเย็น"],
    ),
    "sw": (
        ["Mlinzi mzee wa mnara", "Dada yangu mdogo", "Mwanamuziki msafiri", "Daktari wa kijiji", "Jirani yetu mpya", "Nahodha wa meli"],
        ["alinunua mkate mpya sokoni", "aliandika barua ndefu kwa meya", "alipoteza ufunguo wa lango la bustani",
         "alipata ramani chini ya ngazi", "alisubiri treni ya jioni"],
    ),
    "ru": (
        ["Старый смотритель маяка", "Моя младшая сестра", "Странствующий музыкант", "Деревенский врач", "Наш новый сосед", "Капитан корабля"],
        ["купил свежий хлеб на рынке", "написал длинное письмо мэру", "потерял ключ от садовой калитки",
         "нашёл карту под лестницей", "ждал вечернего поезда"],
    ),
    "zh-Hans": (
        ["年老的灯塔看守人", "我最小的妹妹", "一位流浪音乐家", "村里的医生", "我们的新邻居", "那艘船的船长"],
        ["在市场上买了新鲜的面包", "给市长写了一封长信", "丢了花园大门的钥匙", "在楼梯下面发现了一张地图", "等候傍晚的火车"],
    ),
}  # fmt: skip
#: What tells the sentences of one source from those of another.
TIMES = {
    "en": "{} in the {}th year", "de": "{} im {}. Jahr", "ar": "{} في السنة {}", "th": "{}ในปีที่ {}", "sw": "{} katika mwaka wa {}",
    "ru": "{} на {}-м году", "zh-Hans": "{}，那是第{}年",
}  # fmt: skip


def sentences(language: str, first: int, count: int) -> list[str]:
    who, what = PARTS[language]
    join = "" if language in ("th", "zh-Hans") else " "
    found = []
    for number in range(first, first + count):
        text = who[number % len(who)] + join + what[number % len(what)]
        found.append(TIMES[language].format(text, number) if number >= 30 else text)
    return found


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def jsonl(rows: Iterable[Any]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def bitexts(folder: Path) -> None:
    header = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    catalogs = {
        "de": ("Datei %s speichern", "Die Verbindung wurde getrennt.", "Öffnen"),
        "zh_CN": ("保存文件 %s", "连接已断开。", "打开"),
        "th": ("บันทึกไฟล์ %s", "การเชื่อมต่อถูกตัด", "เปิด"),
    }
    for locale, (save, closed, open_) in catalogs.items():
        entries = [
            f'#, c-format\nmsgid "Save the file %s"\nmsgstr "{save}"\n',
            f'msgid "The connection was closed."\nmsgstr "{closed}"\n',
            f'msgctxt "menu"\nmsgid "Open"\nmsgstr "{open_}"\n',
            f'#, fuzzy\nmsgid "Close the door"\nmsgstr "{open_}?"\n',
            f'#, c-format\nmsgid "Lost %s of them"\nmsgstr "{closed}"\n',
        ]
        write(folder / f"po/{locale}/app.po", header + "\n".join(entries))
    for language in ("en", "de", "ar", "th", "sw"):
        write(folder / f"lines/{language}.txt", "\n".join([*sentences(language, 0, 40), ""]) + "\n")
    variants = zip(*(sentences(tag, 40, 12) for tag in ("en", "ar", "sw", "ru")), strict=True)
    units = "".join(
        "<tu>" + "".join(f'<tuv xml:lang="{tag}"><seg>{text}</seg></tuv>' for tag, text in zip(("en-US", "ar", "sw", "ru"), unit, strict=True)) + "</tu>"
        for unit in variants
    )  # fmt: skip
    write(
        folder / "memory.tmx",
        f'<?xml version="1.0"?>\n<tmx version="1.4"><header/><body>{units}'
        '<tu><tuv xml:lang="en"><seg> </seg></tuv><tuv xml:lang="ar"><seg>لا</seg></tuv></tu></body></tmx>',
    )
    for ending, language, more in (
        ("src", "en", ""),
        ("ref.A", "de", ""),
        ("ref.B", "de", ", so war es"),
    ):
        text = "".join(f"{one}{more}\n" for one in sentences(language, 60, 20))
        write(folder / f"two.en-de.{ending}", text)
    documents = ""
    for number in range(4):
        sides = [
            ("src", "en", ""),
            ("ref", "ru", ' translator="B"'),
            ("ref", "ru", ' translator="A"'),
        ]
        documents += f'<doc id="d{number}" origlang="en" domain="news">'
        for side, language, more in sides:
            texts = sentences(language, 90 + 3 * number, 3)
            segments = "".join(f'<seg id="{n}">{text}</seg>' for n, text in enumerate(texts))
            documents += f'<{side} lang="{language}"{more}><p>{segments}</p></{side}>'
        documents += "</doc>"
    write(
        folder / "set.xml", f"<dataset id='x'><collection id='g'>{documents}</collection></dataset>"
    )


def asked(folder: Path) -> None:
    animals = {
        "en": (
            "heron",
            "badger",
            "otter",
            "weasel",
            "magpie",
            "hedgehog",
            "salamander",
            "squirrel",
        ),
        "de": (
            "Reiher",
            "Dachs",
            "Otter",
            "Wiesel",
            "Elster",
            "Igel",
            "Salamander",
            "Eichhörnchen",
        ),
        "ar": ("البلشون", "الغرير", "القضاعة", "العرسة", "العقعق", "القنفذ", "السمندل", "السنجاب"),
    }
    facts = {
        "en": "{0} number {1} sleeps by day and hunts at night near the {2} ponds",
        "de": "{0} Nummer {1} schläft am Tag und jagt nachts bei den {2} Teichen",
        "ar": "{0} رقم {1} ينام في النهار ويصطاد ليلا قرب البرك {2}",
    }
    for language, names in animals.items():
        paragraphs = []
        for number, name in enumerate(names):
            passage = facts[language].format(name, number, (number + 3) * 7)
            answers = [{"text": name, "answer_start": 0}]
            questions = [
                {
                    "id": f"q{number}",
                    "question": f"{(number + 3) * 7}: {name[::-1]}?",
                    "answers": answers,
                },
                {"id": f"r{number}", "question": f"{name}?", "answers": []},
            ]
            paragraphs.append({"context": passage, "qas": questions})
        data = json.dumps({"data": [{"title": "t", "paragraphs": [*paragraphs, {"qas": 3}]}]})
        write(folder / f"passages.{language}.json", data)
    capitals = [
        ("Berlin", "柏林", "เบอร์ลิน"),
        ("Cairo", "开罗", "ไคโร"),
        ("Tokyo", "东京", "โตเกียว"),
    ]
    rows = []
    for number, names in enumerate(capitals):
        given = dict(zip(("en", "zh_cn", "th"), names, strict=True))
        answers = {tag: [{"type": "entity", "text": name, "aliases": [f"{name} "]}] for tag, name in given.items()}  # fmt: skip
        queries = {"en": f"which capital is number {number}", "zh_cn": f"第{number}个首都是哪里", "th": f"เมืองหลวงที่ {number} คือ"}  # fmt: skip
        rows.append({"example_id": number, "queries": queries, "answers": answers})
    rows.append({"example_id": 9, "queries": {"en": "why"}, "answers": {"en": [{"type": "long_answer", "text": None}]}})  # fmt: skip
    (folder / "mkqa.jsonl.bz2").write_bytes(bz2.compress(jsonl(rows).encode()))
    sums = "".join(f"{n} + {n * 3} เท่ากับเท่าไร\t{n * 4}\n" for n in range(10))
    write(folder / "sums.tsv", f"frage\tantwort\n{sums}")
    talks = {
        "english": ("What is number {}?", "It is number {} of course."),
        "german": ("Was ist die Nummer {}?", "Das ist natürlich die {}."),
        "thai": ("หมายเลข {} คืออะไร", "แน่นอนว่าคือ {}"),
        "chinese": ("第{}号是什么？", "当然是{}。"),
    }
    for name, (question, answer) in talks.items():
        turns = "".join(f"- - {question.format(n)}\n  - {answer.format(n)}\n  - {question.format(n + 50)}\n" for n in range(10))  # fmt: skip
        turns += f"- - {question.format(3)}\n  - {answer.format('III')}\n"  # merged with another
        write(folder / f"talk/{name}/a.yml", f"conversations:\n{turns}")


def dirty(folder: Path) -> None:
    """Pairs of which each filter, duplicates and decontamination find some."""
    english, german = sentences("en", 150, 40), sentences("de", 150, 40)
    pairs = [*zip(english, german, strict=True)]
    pairs += [(f" {one} ", other) for one, other in pairs[:3]]
    pairs += [(one, f"{other}, wirklich") for one, other in pairs[3:7]]
    pairs += [(f"{one} again", f"{other} wieder") for one, other in pairs[10:16]]
    pairs += [
        ("The office of MÃ¼ller opens at nine", "Das Büro von MÃ¼ller öffnet um neun"),
        ("Ｗｉｄｅ letters on the wall", "Breite Ｂｕｃｈｓｔａｂｅｎ an der Wand"),
        ("A broken \ufffd sign on the door", "Ein kaputtes \ufffd Zeichen an der Tür"),
        ("… !!!", "… !!"),
        ("a", "b"),
        ("Short", "Kurz und dann doch viel länger als das, was zu übersetzen war, viel zu lang nämlich"),
        ("The harbour opens at nine in the morning", "The harbour opens at nine in the morning"),
        ("The ferry on its way to the harbour is late", "Die Fähre on its way to the harbour is late"),
        ("ha ha ha ha ha " * 9, "so so so so so " * 9),
        ("In 1984 there were 1,250 ships and 37 boats", "Es gab 77 Schiffe, 99 Boote und 55 Fähren"),
        ("See https://example.com/a for all the details", "Siehe https://example.com/b für alle Einzelheiten"),
        ("Delete {count} files in %s for ever?", "Dateien in %d löschen für immer?"),
        ("<b>Bold</b> text is <i>here</i> today", "<b>Fetter</b> Text ist <i>heute</i> hier"),
        ("Write to jane.doe@mail-server.org today", "Schreiben Sie heute an jane.doe@mail-server.org"),
        ("This is said to be a German sentence here", "Это предложение написано по-русски"),
        ("A sentence that is said to be in German but is not", "Cette phrase est écrite en français et non pas en allemand"),
        ("A very long line " * 30, "Eine sehr lange Zeile " * 30),
    ]  # fmt: skip
    rows: list[dict[str, Any]] = [{"src": one, "tgt": other, "lang": "de"} for one, other in pairs]
    rows += [{"src": "none", "tgt": None, "lang": "de"}, {"src": "no", "tgt": "nie", "lang": "pl"}]
    write(folder / "pairs.jsonl", jsonl(rows) + "{broken\n")
    table = "id,en,zh,licence,kind\n"
    for number, (one, other) in enumerate(zip(sentences("en", 200, 25), sentences("zh-Hans", 200, 25), strict=True)):  # fmt: skip
        licence = "CC-BY-4.0" if number % 5 else "Proprietary"
        table += f"n{number},{one},{other},{licence},{'synthetic' if number % 3 else ''}\n"
    write(
        folder / "pairs.csv",
        f"{table}n99,<p>Text</p> and <b>more</b> <i>marks</i>,<p>一段</p><b>更多</b><i>标记</i>,CC0-1.0,\n",
    )
    protected = [
        {"task": "translation", "language": "de", "source_language": "en", "instruction_language": "en",
         "instruction": "Translate into German:", "input": one, "output": other}
        for one, other in pairs[20:24]
    ]  # fmt: skip
    write(folder / "suite.jsonl", jsonl(protected))
    write(folder / "suite.toml", SUITE)


def long_texts(folder: Path) -> None:
    articles = [
        {"title": f"Vom {n}. Jahr", "text": ". ".join(sentences("de", 300 + 4 * n, 4)), "summary": sentences("de", 300 + 4 * n, 1)[0]}
        for n in range(10)
    ]  # fmt: skip
    write(folder / "articles.jsonl", jsonl(articles))
    problems: list[dict[str, Any]] = [
        {
            "task_id": f"P/{n}",
            "prompt": f'def add_{n}(x):\n    """Return the sum of x and {n}."""\n',
            "canonical_solution": f"    return x + {n}\n",
            "test": f"def check(candidate):\n    assert candidate(1) == {n + 1}\n",
            "entry_point": f"add_{n}",
        }
        for n in range(6)
    ]
    problems += [
        {"task_id": 7, "text": "Write a function that doubles.", "code": "def double(x):\n    return 2 * x\n", "test_list": ["assert double(2) == 4"]},
        {"task_id": 8, "prompt": "def broken(:", "canonical_solution": "", "test": "", "entry_point": "broken"},
    ]  # fmt: skip
    write(folder / "problems.jsonl", jsonl(problems))
    module = "".join(
        f'def area_{n}(width: float) -> float:\n    """Return the area of figure {n}, as wide as it is told."""\n'
        f"    # A comment stays.\n    return width * {n}\n\n\n"
        for n in range(6)
    )
    write(folder / "src/shapes.py", module)
    write(folder / "src/old.py", "print 'no Python 3'\n")
    told = {
        "en": ("editor number {}", "Edits the text of number {}\n on many lines of the screen."),
        "de": (
            "Editor Nummer {}",
            "Bearbeitet den Text der Nummer {}\n auf vielen Zeilen des Bildschirms.",
        ),
    }
    for code, (synopsis, body) in told.items():
        stanzas = "".join(
            f"Package: p{n}\nDescription-md5: {n:032x}\n"
            f"Description-{code}: {(told['en'][0] if n == 3 else synopsis).format(n)}\n {body.format(n)}\n\n"
            for n in range(8)
        )
        write(folder / f"i18n/Translation-{code}", stanzas)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of both recipes and of what they read."""
    made = tmp_path_factory.mktemp("golden")
    for part in (bitexts, asked, dirty, long_texts):
        part(made)
    write(made / "own-templates.toml", TEMPLATES)
    write(made / "steps.toml", STEPS)
    write(made / "sources.toml", SOURCES)
    return made


def backwards(model: str, prompts: Sequence[str], **settings: Any) -> list[str]:
    """Answer as an engine does: with the words of the text, from the last to the first."""
    return [" ".join(reversed(prompt.rpartition("\n")[2].split())) for prompt in prompts]


@pytest.fixture(scope="module")
def steps(folder: Path) -> Path:
    out = folder / "built" / "steps"
    done("build", folder / "steps.toml", "--out", out, "--workers", "2")
    return out


@pytest.fixture(scope="module")
def sources(folder: Path) -> Path:
    out = folder / "built" / "sources"
    return builders.build(folder / "sources.toml", out, workers=2, engine=backwards)


# ------------------------------------------------------------------------- content, hashed


def check(what: str, value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    now = hashlib.sha256(text.encode()).hexdigest()
    assert now == GOLDEN[what], RENEWING.format(what=what, now=now, before=GOLDEN[what])


def content(folder: Path, pattern: str, *without: str) -> list[Any]:
    """Return the schema and the rows of the Parquet files that a pattern finds, by their names."""
    found = []
    for path in sorted(folder.glob(pattern)):
        frame = pl.read_parquet(path, hive_partitioning=False).drop(without)
        # The last digits of a probability may be another processor's.
        frame = frame.with_columns(cs.float().round(4))
        schema = {name: str(kind) for name, kind in frame.schema.items()}
        found.append([path.relative_to(folder).as_posix(), schema, frame.rows()])
    assert found, f"no {pattern} in {folder}"
    return found


#: What JSON files say of versions, of the machine, and of the bytes of Parquet.
UNSTABLE = {
    "libraries", "hardware", "seconds", "tokens_per_second", "bytes", "inputs_sha256", "manifest_sha256",
    "facts_sha256", "records_sha256", "scores_sha256", "predictions_sha256",
}  # fmt: skip


def stable(value: Any) -> Any:
    """Return what a JSON file says, but for what is `UNSTABLE`."""
    if isinstance(value, list):
        return [stable(one) for one in value]
    if isinstance(value, dict):
        return {key: stable(one) for key, one in value.items() if key not in UNSTABLE}
    return value


def manifest(corpus: Path) -> dict[str, Any]:
    found: dict[str, Any] = stable(json.loads((corpus / "manifest.json").read_text("utf-8")))
    found["files"] = {name: entry.get("rows") for name, entry in found["files"].items()}
    # Filters' signatures and the hash of the rows have versions in them.
    found["scores"] = {name: entry["files"] for name, entry in found["scores"].items()}
    return found


PARTS_OF_A_CORPUS = {
    "data": "data/*/*.parquet",
    "rejected": "rejected/*.parquet",
    "scores": "scores/*.parquet",
    "thresholds": "thresholds.parquet",
}


@pytest.mark.parametrize("part", PARTS_OF_A_CORPUS)
def test_a_corpus_of_every_step_is_the_one_that_it_was(steps: Path, part: str) -> None:
    check(f"steps: {part}", content(steps, PARTS_OF_A_CORPUS[part]))


def test_its_manifest_is_too(steps: Path) -> None:
    check("steps: manifest", manifest(steps))


@pytest.mark.parametrize("part", ["data", "rejected"])
def test_a_corpus_of_all_kinds_of_sources_is_the_one_that_it_was(sources: Path, part: str) -> None:
    check(f"sources: {part}", content(sources, PARTS_OF_A_CORPUS[part]))


def test_the_manifest_of_that_one_is_too(sources: Path) -> None:
    check("sources: manifest", manifest(sources))


def test_one_worker_makes_the_same_bytes(folder: Path, steps: Path, tmp_path: Path) -> None:
    alone = tmp_path / "corpus"
    done("build", folder / "steps.toml", "--out", alone, "--workers", "1")

    def files(corpus: Path) -> dict[str, bytes]:
        found = (path for path in corpus.rglob("*") if path.is_file())
        return {path.relative_to(corpus).as_posix(): path.read_bytes() for path in found}

    assert files(alone) == files(steps)


def test_all_of_it_is_there(steps: Path, sources: Path) -> None:
    """A step that drops nothing, and a source that gives nothing, would be hashed in vain."""
    dropped: dict[str, int] = {}
    for step in manifest(steps)["steps"]:
        count = sum(step["rejected"].values())
        dropped[step["step"]] = dropped.get(step["step"], 0) + count
    assert {name for name, count in dropped.items() if not count} == {"pii"}, dropped
    assert "<EMAIL>" in "".join(row for row in texts(steps) if row)
    told = [*manifest(steps)["sources"], *manifest(sources)["sources"]]
    # Two kinds fetch what they read.
    kinds = discover("builders.sources").keys() - {"huggingface", "sacrebleu"}
    assert {one["kind"] for one in told if one["rows"]} == kinds


def texts(corpus: Path) -> list[str | None]:
    found = [pl.read_parquet(path)["input"] for path in sorted(corpus.glob("data/*/*.parquet"))]
    return pl.concat(found).to_list()


def test_clean_text_is_the_one_that_it_was(folder: Path, tmp_path: Path) -> None:
    clean = builders.clean(folder / "sources.toml", tmp_path / "clean", engine=backwards)
    check("clean", [content(clean, "data/*/*.parquet"), content(clean, "rejected/*.parquet")])


def test_a_run_is_the_one_that_it_was(steps: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    done("score", "copy", "--corpus", steps, "--out", run, "--resamples", "50", "--limit", "4")
    scores = content(run, "scores.parquet")
    # Signatures tell the version of what reckons.
    scores[0][2] = [[_unversioned(value) for value in row] for row in scores[0][2]]
    facts = stable(json.loads((run / "run.json").read_text("utf-8")))
    check(
        "run",
        [
            content(run, "predictions/*.parquet", "seconds"),
            content(run, "records.parquet"),
            scores,
            json.dumps(facts, sort_keys=True).replace(str(steps), "CORPUS"),
        ],
    )


def _unversioned(value: Any) -> Any:
    return re.sub(r"\|?version:[^|]*", "", value) if isinstance(value, str) else value
