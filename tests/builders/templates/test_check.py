"""The checker of templates: what is wrong is told for each, what is right is left alone."""

from __future__ import annotations

import hashlib
import json
import shutil
import unicodedata
from collections import defaultdict
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.command import command, done

import builders
from builders.templates import loading
from builders.templates._forms import STAND_IN, faults
from builders.templates._languages import language_fault, script_fault
from builders.templates.check import Problem, check_templates
from builders.templates.loading import load_templates, shipped_files
from isogloss.languages import canonical


def write(
    path: Path, *templates: dict[str, Any], task: str = "qa", version: str = "mine-1"
) -> Path:
    """Write a file of templates; their keys are TOML's if JSON's strings are."""
    lines = [f"version = {json.dumps(version)}", f"task = {json.dumps(task)}"]
    for template in templates:
        lines.append("[[templates]]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in template.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def one(name: str, instruction: str, **more: str) -> dict[str, str]:
    language = name.removesuffix("-" + name.split("-")[-1])
    return {"id": name, "language": language, "instruction": instruction} | more


def shipped_version() -> str:
    """Return the version of the shipped questions."""
    first = load_templates().table.filter(task="qa", language="en")["template"][0]
    return str(first).split("@")[1]


def of(path: Path, problems: list[Problem], *, notices: bool = False) -> dict[str, str]:
    """Return what is told of each template of a file, in one text."""
    told: dict[str, list[str]] = defaultdict(list)
    for problem in problems:
        if problem.file == str(path) and problem.notice == notices:
            told[problem.template].append(str(problem))
    return {template: "\n".join(lines) for template, lines in told.items()}


def test_the_shipped_templates_are_sound() -> None:
    assert [str(found) for found in check_templates() if not found.notice] == []


def test_what_loading_refuses_is_told_for_each_template(tmp_path: Path) -> None:
    path = write(
        tmp_path / "mine.toml",
        one("en-50", "Reply in {langauge}, please, to what is asked:"),
        one("en-51", "Reply with a brace too many to the question: }"),
        one("en-52", "Reply, in your own words, to this:", input="{context}\n\n{input}"),
        one("en-53", "Reply, as you like, to that:", kind="with_context"),
        one("en-54", "Reply as you please to all of it:", tone="kind", langauge="en"),
        {"id": "en-55", "instruction": "Reply in any language to it:"},
        one("en-56", "Reply, from the passage, to this:", kind="context"),
        {"id": "en-57", "language": "Klingonish", "instruction": "Reply as a warrior would:"},
        {"language": "en", "instruction": "Reply without a name of your own:"},
    )
    told = of(path, check_templates([path]))
    assert "unknown placeholder 'langauge'" in told["en-50"]
    assert "brace" in told["en-51"]
    assert "plain uses {input}; with_context uses {context} and {input}" in told["en-52"]
    assert "plain uses {input}" in told["en-53"]
    assert "unknown key 'tone'" in told["en-54"]
    assert "unknown key 'langauge'. Did you mean 'language'?" in told["en-54"]
    assert "the key 'language' is missing" in told["en-55"]
    assert "kind: " in told["en-56"]
    assert "'Klingonish' is not a language tag" in told["en-57"]
    assert "the key 'id' is missing" in told["templates[8]"]


def test_placeholders_that_would_stay_or_get_lost_are_told(tmp_path: Path) -> None:
    passage = {"kind": "with_context"}
    questions = write(
        tmp_path / "qa.toml",
        one("en-50", "Reply in {target_language} to what is asked of you:"),
        one("en-51", "Reply with {{braces}} around it:"),
        one("en-52", "Reply to the question twice:", input="{input} {input}"),
        one("en-53", "Reply to what comes first:", input="{input}\n\n{context}", **passage),
        one("en-54", "Reply to all that follows:", input="{context}\n\n{input}", **passage),
    )
    pairs = write(
        tmp_path / "translation.toml",
        one("en-50", "Say the same in other words:"),
        one("en-51", "Say it in {target_language!r}, if you can:"),
        one("en-52", "Put these words of {source_language} into {target_language}:"),
        task="translation",
    )
    problems = check_templates([questions, pairs])
    told = of(questions, problems)
    assert "which has no use for them. Take {target_language} away" in told["en-50"]
    assert "doubled braces" in told["en-51"]
    assert "{context} and {input}, each once" in told["en-52"]
    assert "{context} and {input}, each once, in this order" in told["en-53"]
    assert "en-54" not in told
    told = of(pairs, problems)
    assert "does not say into which language. Write {target_language} in it" in told["en-50"]
    assert "doubled braces or a conversion" in told["en-51"]
    assert "en-52" not in told


WRONG = [
    ("en", " Answer this:", "begins or ends with white space"),
    ("en", "Answer  this:", "two spaces"),
    ("en", "Answer this :", "a space before punctuation"),
    ("en", "Answer this\u0007:", "(U+0007)"),
    ("en", "Answer\u200b this:", "(U+200B, ZERO WIDTH SPACE)"),
    ("en", "Answer this \ue000:", "private or unassigned"),
    ("en", 'Answer "this":', "quotation marks are “ ”"),
    ("en", "What's the answer?", "An apostrophe is ’"),
    ("en", "Answer （this）：", "fullwidth"),
    ("en", "Answer (this:", "a bracket too many or too few"),
    ("en", "Answer 「this」:", "quotation marks of other languages (「 」)"),
    ("fr", unicodedata.normalize("NFD", "Réponds à ceci") + "\u00a0:", "NFC"),
    ("fr", "Réponds à la question :", "a no-break space"),
    ("fr", "Quelle est la réponse?", "a no-break space"),
    ("fr", "Réponds à « ceci »\u00a0:", "a no-break space"),
    ("zh-Hans", "请回答问题:", "ASCII punctuation. Write ，：；？！（）"),
    ("zh-Hans", "你会怎么回答?", "ASCII punctuation"),
    ("ja", "質問に答えてください.", "an ASCII full stop. Write 。"),
    ("el", "Ποια είναι η απάντηση?", "Greek asks with ;"),
    ("el", "Ποια είναι η απάντηση\u037e", "NFC"),
    ("ar", "ما الجواب?", "Write ؟"),
    ("ar", "أجب\u2067 عن السؤال:", "a direction mark that opens or closes nothing"),
    ("ur", "سوال کا جواب دیں.", "Write ۔"),
    ("fa", "به اين پرسش پاسخ بده:", "Write ک and ی"),
    ("es", "Cuál es la respuesta?", "¿"),
    ("es", "¡Responde", "¿"),
    ("hy", "Պատասխանե՛ք հարցին:", "Latin script"),
    ("am", "ጥያቄውን ይመልሱ:", "Latin script"),
    ("hi", "प्रश्न का उत्तर दें.", "Write ।"),
    ("ro", "Răspundeţi la întrebare:", "cedilla"),
    ("uk", "Дай ответы на запитання:", "a letter that Ukrainian lacks"),
]

RIGHT = [
    ("en", "Don’t guess: answer “yes” or “no” (in Node.js, too) at 12:30, that is 3.5 h."),
    ("fr", "Réponds à «\u00a0ceci\u00a0»\u00a0: quelle est la réponse\u202f?"),
    ("fr", "Traduis le texte suivant (en {target_language})\u00a0:"),
    ("fr-CA", "Quelle est la réponse?"),
    ("de", "Was heißt „das“? Antworte so, wie du’s sagst: kurz!"),
    ("es", "¿Qué dirías? ¡Responde! Responde en {target_language}: «sí» o “no”."),
    ("zh-Hans", "请用 Python 3.11 回答（“是”或“否”）：对吗？"),
    ("zh-Hans", "请把下面的文字翻译成{target_language}："),
    ("ja", "「はい」か『いいえ』で答えてください。"),
    ("el", "Ποια είναι η απάντηση; Απάντησε «ναι»:"),
    ("ar", "ما الجواب؟ أجب بـ«نعم» أو «لا»، ثم اشرح:"),
    ("ar", "ترجم إلى \u2067{target_language}\u2069:"),
    ("fa", "این چه می\u200cشود؟ پاسخ بده:"),
    ("he", "מה התשובה? השב בקיצור:"),
    ("hy", "Ո՞րն է պատասխանը։ Գրե՛ք այն՝ կարճ։"),
    ("am", "ጥያቄውን ይመልሱ፦ ምን ይላሉ?"),
    ("hi", "प्रश्न का उत्तर दें। उत्तर क्या है?"),
    ("th", "ตอบคำถามนี้"),
    ("uk", "Розв’яжи задачу:"),
    ("ro", "Răspundeți la întrebare:"),
    ("vi", "Hãy trả lời câu hỏi:"),
]


@pytest.mark.parametrize(("tag", "text", "told"), WRONG)
def test_what_a_language_does_not_write_is_told(tag: str, text: str, told: str) -> None:
    found = [f"{problem}. {remedy}" for problem, remedy in faults(text, tag)]
    assert any(told in line for line in found), found


@pytest.mark.parametrize(("tag", "text"), RIGHT)
def test_what_a_language_does_write_is_let_through(tag: str, text: str) -> None:
    assert list(faults(text.replace("{target_language}", STAND_IN), tag)) == []


@given(st.text(), st.sampled_from(["en", "fr", "ar", "zh-Hant", "hy", "am", "sr-Latn", "yo"]))
def test_any_text_can_be_checked(text: str, tag: str) -> None:
    told = list(faults(text, tag))
    if text != unicodedata.normalize("NFC", text):
        assert any("NFC" in problem for problem, _ in told)
    assert all(problem and remedy for problem, remedy in told)
    script_fault(text, tag)


@pytest.mark.parametrize(
    ("tag", "text", "told"),
    [
        ("ru", "Answer the question:", "no word in the script Cyrl"),
        ("ru", "→", "no word in the script Cyrl"),
        ("ru", "Напиши функцию на Python целиком", None),
        ("ru", "Нaпиши функцию", "mixes alphabets within a word"),
        ("hi", "प्रश्न का answer now दें", "letters are"),
        ("ja", "Pythonの関数を完成させてください。", None),
        ("ko", "질문에 답하세요.", None),
        ("sr", "Odgovori na pitanje:", "no word in the script Cyrl"),
        ("sr-Latn", "Odgovori na pitanje:", None),
        ("zh-Hans", "請回答問題：", "is not in the script Hans: 請 問 題"),
        ("zh-Hant", "请回答问题：", "is not in the script Hant: 请 问 题"),
        ("zh-Hant", "請回答問題：", None),
        ("te", "Python ఫంక్షన్‌ను రాయండి", None),
    ],
)
def test_letters_are_of_the_languages_script(tag: str, text: str, told: str | None) -> None:
    found = script_fault(text, tag)
    assert found is None if told is None else found is not None and told in found


def test_templates_in_another_language_are_told_together_and_alone(tmp_path: Path) -> None:
    path = write(
        tmp_path / "mine.toml",
        one("pt-50", "Schreibe bitte eine kurze Antwort:"),
        one("pt-51", "Wie würdest du diese Frage beantworten?"),
        one("it-50", "Rispondi a questa domanda con parole semplici:"),
        one("it-51", "Leggi con attenzione il messaggio e scrivi una risposta adatta:"),
        one("it-52", "Please write a suitable answer to this message of a friend:"),
        one("ha-50", "Please write a suitable answer to the following message of a friend:"),
        one("nl-50", "Antwoord:"),
    )
    problems = check_templates([path])
    told = of(path, problems)
    assert "the templates together: looks like de, not pt" in told["pt"]
    assert "looks like en, not it" in told["it-52"]
    assert "looks like en, not ha" in told["ha"]
    assert not {"it", "it-50", "it-51", "pt-50", "nl", "nl-50"} & set(told)
    unknown = [found for found in problems if "no identifier knows" in found.problem]
    assert [(found.template, found.notice) for found in unknown] == [("ha", True)]


def test_people_write_in_the_language_that_they_claim(shared_data: Path) -> None:
    refused: list[str] = []
    for path in sorted((shared_data / "flores200" / "devtest").glob("*.devtest")):
        tag = canonical(path.stem)
        for line in path.read_text(encoding="utf-8").splitlines()[200:225]:
            text = line[: 45 if tag[:2] in ("zh", "ja", "ko") else 90]
            refused += filter(None, [language_fault(text, tag, alone=False)])
    assert len(refused) <= 2, refused  # of 1,000


def test_the_same_is_not_said_twice(tmp_path: Path) -> None:
    path = write(
        tmp_path / "mine.toml",
        one("en-50", "answer, the Question"),
        one("en-51", "Have your say on this matter:"),
        one("en-52", "HAVE YOUR SAY ON THIS MATTER!"),
        one("en-53", "Have your say on this matter:", kind="with_context",
            input="{context}\n\n{input}"),
        one("ca-50", "¿Qué responderías?"),
        one("cy-50", "Ateb hynny, os gweli di’n dda:"),
        one("cy-50", "Beth fyddai dy ateb di i hynny?"),
        one("nb-50", "Hva er svaret på dette?"),
        one("da-50", "Hva er svaret på dette?"),
    )  # fmt: skip
    told = of(path, check_templates([path]))
    assert "says the same as en-1 in " in told["en-50"]
    assert f"says the same as en-51 in {path}" in told["en-52"]
    assert "says the same as es-3 in " in told["ca-50"]
    assert "the id is used twice" in told["cy-50"]
    assert not {"en-51", "en-53", "nb-50", "da-50"} & set(told)


def test_an_id_is_the_languages_tag_and_a_number(tmp_path: Path) -> None:
    path = write(
        tmp_path / "mine.toml",
        {"id": "short", "language": "en", "instruction": "Say something about that:"},
        {"id": "en-60", "language": "de", "instruction": "Sag etwas dazu, bitte:"},
        {"id": "deu-61", "language": "deu_Latn", "instruction": "Sag etwas darüber, bitte:"},
        {"id": "de-brief-1", "language": "deu_Latn", "instruction": "Sag kurz etwas dazu, bitte:"},
    )
    told = of(path, check_templates([path]))
    assert "Write en-1, or en-word-1" in told["short"]
    assert "Write de-1" in told["en-60"]
    assert "Write de-1" in told["deu-61"]
    assert "de-brief-1" not in told


def test_a_file_that_cannot_be_read_is_one_of_the_problems(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("version = ", encoding="utf-8")
    strange = write(tmp_path / "strange.toml", one("en-1", "Sing:"), task="singing", version=" ")
    nothing = tmp_path / "nothing.toml"
    nothing.write_text('task = "qa"\ntemplate = 1\n', encoding="utf-8")
    missing = tmp_path / "missing.toml"
    problems = check_templates([broken, strange, nothing, missing, tmp_path])
    assert "is not TOML" in of(broken, problems)[""]
    assert "unknown task 'singing'" in of(strange, problems, notices=True)[""]
    assert "the version is empty" in of(strange, problems)[""]
    told = of(nothing, problems)[""]
    assert "unknown key 'template'. Did you mean 'templates'?" in told
    assert "the key 'version' is missing" in told
    assert "has no templates" in told
    assert "there is no such file" in of(missing, problems)[""]
    assert "is a folder" in of(tmp_path, problems)[""]


def test_shipped_languages_have_as_many_templates_as_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    for path in shipped_files():
        shutil.copy(path, folder)
    text = (folder / "qa.toml").read_text(encoding="utf-8")
    first, *blocks = text.split("[[templates]]")
    kept = [block for block in blocks if 'id = "de-2"' not in block]
    assert len(kept) == len(blocks) - 1
    again = '\nid = "de-1"\nlanguage = "de"\ninstruction = "Was sagst du zu dieser Frage?"\n'
    (folder / "qa.toml").write_text(first + "[[templates]]".join(["", *kept, again]), "utf-8")
    code = (folder / "code.toml").read_text(encoding="utf-8").split("[[templates]]")
    less = [block for block in code if 'language = "it"' not in block]
    (folder / "code.toml").write_text("[[templates]]".join(less), "utf-8")
    monkeypatch.setattr(loading, "_FOLDER", folder)
    told = [str(found) for found in check_templates() if found.template in ("de", "it", "de-1")]
    assert f"{folder}/code.toml: it: has 0 templates of the task code (plain)" in told[0]
    assert f"{folder}/qa.toml: de-1: the id is used twice" in told[1]
    assert "de: has 2 templates of the task qa (plain) where most languages have 3" in told[2]
    assert len(told) == 3


def test_of_a_users_file_counts_and_overrides_are_notices(tmp_path: Path) -> None:
    path = write(
        tmp_path / "mine.toml",
        one("en-1", "Kindly answer the question that follows:"),
        one("en-50", "Have your say on this matter:"),
        one("is-1", "Svaraðu eftirfarandi spurningu:"),
    )
    problems = check_templates([path])
    assert of(path, problems) == {}
    told = of(path, problems, notices=True)
    assert "takes the place of the one in" in told["en-1"]
    assert "has 4 templates of the task qa (plain) where most languages have 3" in told["en"]
    assert "do not compare" in told["en"]
    assert "has 1 template of the task qa (plain)" in told["is"]
    assert "has 0 templates of the task code (plain)" in told["is"]
    assert "Its instructions will be in en" in told["is"]
    version = shipped_version()
    same = write(tmp_path / "same.toml", one("en-1", "Kindly answer this:"), version=version)
    told = of(same, check_templates([same]))
    assert f"under the same version, {version}" in told["en-1"]


def test_a_recipe_brings_its_own_templates(tmp_path: Path) -> None:
    folder = tmp_path / "recipes"
    folder.mkdir()
    write(
        folder / "mine.toml",
        one("en-1", "Kindly answer the question that follows:"),
        one("en-50", "Have your say on this matter:"),
    )
    recipe = folder / "recipe.toml"
    # Far enough from each other that none is taken for another's near-duplicate.
    names = [hashlib.sha256(bytes([n])).hexdigest() for n in range(60)]
    rows = [{"question": f"What is {name}?", "answer": f"It is {name[::-1]}."} for name in names]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "rows.jsonl").write_text(lines, encoding="utf-8")
    recipe.write_text(
        'name = "own"\nlanguages = ["en"]\ntasks = ["qa"]\ntemplates = ["mine.toml"]\n'
        '[[sources]]\nname = "rows"\nkind = "files"\npath = "rows.jsonl"\ntask = "qa"\n'
        'language = "en"\ncolumns = { input = "question", output = "answer" }\n'
        'licence = "CC0-1.0"\n',
        encoding="utf-8",
    )
    assert builders.load_recipe(recipe).templates == (folder / "mine.toml",)
    corpus = builders.build(recipe, tmp_path / "corpus")
    found = pl.read_parquet(corpus / "data" / "**" / "*.parquet")
    said = dict(found.group_by("template").agg(pl.col("instruction").first()).iter_rows())
    # The override stands for the shipped one; what is added is drawn as often as the others.
    now = shipped_version()
    drawn = ["qa/en-1@mine-1", f"qa/en-2@{now}", f"qa/en-3@{now}", "qa/en-50@mine-1"]
    assert sorted(said) == drawn
    assert said["qa/en-1@mine-1"] == "Kindly answer the question that follows:"
    assert found.height == 60
    assert found.group_by("template").len()["len"].min() >= 5  # type: ignore[operator]


def test_the_command_lists_problems_and_leaves_with_2(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.toml", one("en-50", "Answer\x1b[31m this :"), one("is-1", "Já?"))
    result = command("check", "templates", path)
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)
    lines = [line for line in result.stdout.splitlines() if line.startswith(str(path))]
    assert len(lines) == 3, result.stdout
    assert all(line.startswith(f"{path}: en-50: has ") for line in lines[:2])
    assert "\x1b" not in result.stdout
    assert f"{path}: is: notice: " in result.stderr
    assert result.stderr.splitlines()[-1].endswith(" in templates")


def test_the_command_says_how_many_are_sound(tmp_path: Path) -> None:
    shipped = load_templates().table
    languages = shipped["language"].n_unique()
    told = done("check", "templates").stdout
    assert told == f"{shipped.height} templates in {languages} languages: nothing found\n"
    # A shipped file that is named is not one of the user's own.
    assert done("check", "templates", shipped_files()[0]).stdout == told
    mine = write(tmp_path / "mine.toml", one("en-50", "Have your say on this matter:"))
    told = done("check", "templates", mine).stdout
    assert told == f"{shipped.height + 1} templates in {languages} languages: nothing found\n"


def test_only_templates_can_be_checked() -> None:
    result = command("check", "recipes")
    assert result.exit_code == 2
    assert "unknown kind 'recipes'" in result.stderr
