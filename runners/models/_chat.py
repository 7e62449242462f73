"""How a model is spoken to: its chat template, tried before any answer hangs on it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from isogloss.console import warn
from isogloss.errors import IsoglossError

# Templates are programs: one that takes longer than this for a prompt does not end.
_SECONDS = 5.0
# What a template may take of memory while it is tried.
_ROOM = 1 << 30
# Words that no template has of its own.
_USER, _SYSTEM = "isogloss9user5text", "isogloss9system5text"


class _TooLong(Exception):
    pass


@dataclass(frozen=True)
class Chat:
    """Prompts as a model is asked them: by its chat template, else as plain text.

    Attributes:
        tokenizer: The model's.
        system: The system message; None leaves the template's own default.
        merged: Whether the system message stands at the head of the user's, since the template
            takes none of its own.
        where: The place to name in an error.
    """

    tokenizer: Any
    system: str | None
    merged: bool
    where: str

    @property
    def templated(self) -> bool:
        """Whether there is a template, which then writes the special tokens itself."""
        return bool(getattr(self.tokenizer, "chat_template", None))

    def prompt(self, text: str) -> str:
        """Return what the model is asked.

        Raises:
            IsoglossError: The template fails on this text.
        """
        if not self.templated:
            return f"{self.system}\n\n{text}\n" if self.system else f"{text}\n"
        if self.merged:
            return _rendered(self.tokenizer, _merged(self.system, text), None, self.where)
        return _rendered(self.tokenizer, text, self.system, self.where)


def open_chat(tokenizer: Any, system: str | None, where: str) -> Chat:
    """Try a model's chat template with a message, and a system message if there is one.

    A template that refuses a system message, or drops it, has it at the head of the user's message
    (as Gemma's authors ask for); that is said once.

    Raises:
        IsoglossError: The template does not parse, does not end, or leaves out what is asked.
    """
    chat = Chat(tokenizer, system, False, where)
    if not chat.templated:
        return chat
    with _little_memory():
        plain = _rendered(tokenizer, _USER, None, where)
        if not plain.strip():
            raise _useless("gives an empty prompt", where)
        if _USER not in plain:
            raise _useless("leaves out what is asked", where)
        if system is None or _takes_system(tokenizer, system):
            return chat
    if system:
        warn(
            f"{where}: its chat template takes no system message; "
            "it stands at the head of each prompt"
        )
    return Chat(tokenizer, system, True, where)


def _takes_system(tokenizer: Any, system: str) -> bool:
    try:
        rendered = _render(tokenizer, _USER, _SYSTEM)
        if not system:  # an empty one stands in the place of the template's own default
            _render(tokenizer, _USER, system)
    except Exception:  # whatever a template raises, it does not take it
        return False
    return _SYSTEM in rendered and _USER in rendered


def _merged(system: str | None, text: str) -> str:
    return f"{system}\n\n{text}" if system else text


def _rendered(tokenizer: Any, text: str, system: str | None, where: str) -> str:
    try:
        return _render(tokenizer, text, system)
    except _TooLong as error:
        raise _useless("does not end", where) from error
    except Exception as error:  # templates are programs of others, and raise anything
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise _useless(f"cannot be used ({first})", where) from error


def _render(tokenizer: Any, text: str, system: str | None) -> str:
    messages = [] if system is None else [{"role": "system", "content": system}]
    messages.append({"role": "user", "content": text})
    with _time_limit():
        return str(
            tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        )


def _useless(problem: str, where: str) -> IsoglossError:
    return IsoglossError(
        f"its chat template {problem}",
        where=where,
        remedy="Mend chat_template in its folder, or remove it to ask in plain text",
    )


@contextmanager
def _time_limit() -> Iterator[None]:
    """Interrupt what takes too long; only the main thread of a Unix process can."""
    usable = hasattr(signal, "setitimer")
    if not usable or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: object) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, _SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _little_memory() -> Iterator[None]:
    """Let a template that doubles a text for ever fail before it has all the memory there is."""
    try:
        import resource
    except ImportError:  # Windows
        yield
        return
    import psutil

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = psutil.Process().memory_info().vms + _ROOM
    if soft != resource.RLIM_INFINITY and soft <= wanted:
        yield
        return
    resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
