"""Reasoning: what a model thinks aloud before it answers, apart from the answer.

Models mark it in ways of their own (the forms below are those of vLLM's reasoning parsers, of
Open WebUI and of the models' chat templates). It stands at the start of what they write, or begins
in the prompt, so that only its end is written; some go on with it later. Text about such a mark is
no reasoning.
"""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Sequence
from itertools import islice

_TAGS = (
    "think", "thinking", "thought", "thoughts", "reason", "reasoning", "reflection", "scratchpad",
    "seed:think", "longcat_think",
)  # fmt: skip

# What begins reasoning, and what ends it: tags; Magistral; Kimi-VL; OpenThinker and Sky-T1;
# Command A; Apertus; MedGemma; Gemma 4.
_ENDS = {
    **{f"<{tag}>": f"</{tag}>" for tag in _TAGS},
    "[think]": "[/think]",
    "◁think▷": "◁/think▷",
    "<|begin_of_thought|>": "<|end_of_thought|>",
    "<|start_thinking|>": "<|end_thinking|>",
    "<|inner_prefix|>": "<|inner_suffix|>",
    "<unused94>": "<unused95>",
    "<|channel>": "<channel|>",
}
_BEGINS = {end: begin for begin, end in _ENDS.items()}

# What some put around the answer that follows.
_AROUND = {
    **{f"<{tag}>": f"</{tag}>" for tag in ("answer", "response", "output", "solution")},
    "<|begin_of_solution|>": "<|end_of_solution|>",
    "<|begin_of_box|>": "<|end_of_box|>",
    "<|start_response|>": "<|end_response|>",
    "<|start_text|>": "<|end_text|>",
}

# GPT-OSS (harmony): messages in channels, of which one has the answer; and the same when the special
# tokens were lost in decoding.
_CHANNEL = re.compile(r"\s*(?:<\|start\|>assistant)?<\|channel\|>")
_FINAL = re.compile(r"(?:<\|start\|>assistant)?<\|channel\|>final\b[^\n]{0,80}?<\|message\|>")
_FINAL_ENDS = re.compile(r"<\|(?:return|end|call|start)\|>")
_LOST = re.compile(r"\s*analysis.*?assistantfinal", re.DOTALL)
# Granite 3.2 and Apriel say it in words.
_IN_WORDS = (
    re.compile(r"\s*Here(?:'s| is) my thought process:.*?Here(?:'s| is) my response:", re.DOTALL),
    re.compile(r"\s*Here are my reasoning steps:.*?\[BEGIN FINAL RESPONSE\]", re.DOTALL),
)
_WORDS_END = "[END FINAL RESPONSE]"


def _any_of(marks: dict[str, str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, marks)), re.IGNORECASE)


_BEGIN, _END, _WRAP = _any_of(_ENDS), _any_of(_BEGINS), _any_of(_AROUND)
# Of so many ends of reasoning it is looked whether they are some.
_MOST = 100
_FENCE = re.compile(r"^[ \t]*(?:`{3,}|~{3,})", re.MULTILINE)
_QUOTED = (re.compile(r"""(?<![\w.!?…])["'`“‘«„「『]$"""), re.compile(r"""["'`”’“»」』](?!\w)"""))

# Tokens that some tokenizers hold to be special and leave out of the text.
_TOKENS = frozenset({"<|channel|>", *_ENDS, *_BEGINS})
_TOKENS_BESIDE = frozenset({"<|message|>", "<|start|>", "<|end|>", *_AROUND, *_AROUND.values()})


def split(text: str, given: str = "") -> tuple[str, str]:
    """Return a model's reasoning, marks included, and the rest of what it wrote: its answer.

    Args:
        text: All that the model wrote.
        given: The input of its prompt. A mark that stands in there may stand in the answer too, and
            counts only where it ends reasoning on a line of its own.

    Returns:
        The reasoning, empty where there is none, and the answer, empty where the reasoning does not
        end.
    """
    first = _harmony(text, given) or _in_words(text, given) or _marked(text, given)
    reasoning, answer = first or ("", text)
    later, answer = _later(answer, given, reasons=bool(reasoning))
    return reasoning + later, answer


def kept(tokens: Sequence[str]) -> set[str]:
    """Return those of an answer's tokens that mark reasoning, and what is around the answer then.

    A text that is decoded without them cannot be told apart. Empty where there is no reasoning.
    """
    if not any(token.lower() in _TOKENS for token in tokens):
        return set()
    return {token for token in tokens if token.lower() in _TOKENS | _TOKENS_BESIDE}


def begun(prompt: str) -> str:
    """Return the mark of reasoning that a prompt ends in, as chat templates of some models do."""
    found = list(_BEGIN.finditer(prompt.rstrip()[-32:]))
    return found[-1].group() if found and prompt.rstrip().endswith(found[-1].group()) else ""


def _harmony(text: str, given: str) -> tuple[str, str] | None:
    if "<|channel|>" in given:
        return None
    final = _FINAL.search(text)
    channel = _CHANNEL.match(text)
    if final is not None and (channel or not (_is_talk(text, final) or _is_python(text))):
        end = _FINAL_ENDS.search(text, final.end())
        return text[: final.start()], text[final.end() : end.start() if end else len(text)]
    if channel is not None:
        return text, ""
    lost = _LOST.match(text)
    return (text[: lost.end()], text[lost.end() :]) if lost else None


def _in_words(text: str, given: str) -> tuple[str, str] | None:
    for form in _IN_WORDS:
        found = form.match(text)
        if found and not form.match(given):
            return text[: found.end()], text[found.end() :].partition(_WORDS_END)[0]
    return None


def _marked(text: str, given: str) -> tuple[str, str] | None:
    end = 0
    while (after := _after_block(text, end, given)) is not None:
        end = after
    end = end or _after_open(text, given)
    return (text[:end], _unwrapped(text[end:], given)) if end else None


def _after_block(text: str, start: int, given: str) -> int | None:
    """Return where reasoning ends that begins at a place; None where none does.

    Where some ended just before, it may end once more.
    """
    after_another = start > 0
    while start < len(text) and text[start].isspace():
        start += 1
    again = _END.match(text, start) if after_another else None
    if again is not None and again.group().lower() not in given.lower():
        return again.end()
    begin = _BEGIN.match(text, start)
    if begin is None:
        return None
    last = _ENDS[begin.group().lower()]
    both = re.compile(f"{re.escape(begin.group())}|(?P<end>{re.escape(last)})", re.IGNORECASE)
    depth, ends = 0, None
    for mark in both.finditer(text, start):
        depth += -1 if mark["end"] else 1
        if mark["end"]:
            ends = mark
        if depth == 0:
            break
    if begin.group().lower() in given.lower() and (ends is None or not _is_alone(text, ends)):
        return None
    return len(text) if ends is None else ends.end()


def _after_open(text: str, given: str) -> int:
    """Return where reasoning ends that began in the prompt; 0 where there is none."""
    marks = list(islice(_END.finditer(text), _MOST))
    if not marks or _is_python(text):
        return 0
    for mark in marks:
        begin = _BEGINS[mark.group().lower()]
        if begin in text[: mark.start()].lower() or _is_talk(text, mark):
            continue
        if _is_alone(text, mark) or mark.group().lower() not in given.lower():
            return mark.end()
    return 0


def _later(text: str, given: str, *, reasons: bool) -> tuple[str, str]:
    """Return the reasoning within an answer and the answer without it.

    It is marked at both ends, and begins a line, unless the model is known to reason.
    """
    begins = list(islice(_BEGIN.finditer(text), _MOST))
    if not begins or _is_python(text):
        return "", text
    taken, left, place = "", "", 0
    for begin in begins:
        mark = begin.group().lower()
        line = text[text.rfind("\n", 0, begin.start()) + 1 : begin.start()]
        if begin.start() < place or mark in given.lower() or not (reasons or not line.strip()):
            continue
        if _QUOTED[0].search(text[: begin.start()][-2:]) or _is_talk(text, begin):
            continue
        end = re.compile(re.escape(_ENDS[mark]), re.IGNORECASE).search(text, begin.end())
        if end is not None:
            taken += text[begin.start() : end.end()]
            left += text[place : begin.start()]
            place = end.end()
    return taken, left + text[place:]


def _is_alone(text: str, mark: re.Match[str]) -> bool:
    """Tell whether a mark has its line for itself."""
    before = text[text.rfind("\n", 0, mark.start()) + 1 : mark.start()]
    after = text[mark.end() :].partition("\n")[0]
    return not before.strip() and not after.strip()


def _is_talk(text: str, mark: re.Match[str]) -> bool:
    """Tell whether a mark is only spoken of: it is quoted, or stands in a block of code."""
    if _is_alone(text, mark):
        return False
    if _QUOTED[0].search(text[: mark.start()][-2:]) and _QUOTED[1].match(text[mark.end() :][:2]):
        return True
    fences = len(_FENCE.findall(text[: mark.start()]))
    return fences % 2 == 1 and _FENCE.search(text, mark.end()) is not None


def _is_python(text: str) -> bool:
    """Tell whether a text is Python as it stands: a mark is then part of a string or comment."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what models write, not of us
            ast.parse(textwrap.dedent(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _unwrapped(text: str, given: str) -> str:
    """Return what stands between the marks that a model puts around its answer."""
    begin = _WRAP.match(text.lstrip())
    if begin is None or begin.group().lower() in given.lower():
        return text
    inside = text.lstrip()[begin.end() :]
    last = re.compile(re.escape(_AROUND[begin.group().lower()]), re.IGNORECASE)
    end = last.search(inside)
    return inside[: end.start()] if end else inside
