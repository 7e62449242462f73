"""How a model is spoken to: its chat template, tried before any answer hangs on it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from isogloss.console import warn
from isogloss.errors import IsoglossError

#: Templates are programs: one that takes longer than this for a prompt does not end.
SECONDS = 5.0
# What a template may take of memory while it is tried.
_ROOM = 1 << 30
# Words that no template has of its own.
_USER, _SYSTEM = "isogloss9user5text", "isogloss9system5text"


class _TooLong(Exception):
    pass


@dataclass(frozen=True)
class Chat:
    """Prompts as a model gets them: by its chat template, else as plain text.

    Attributes:
        tokenizer: The model's.
        system: The system message; None leaves the template's own default.
        merged: Whether the system message stands at the head of the user's, since the template
            takes none of its own.
        where: The place to name in an error.
        seconds: The longest time that the template may take for a prompt.
    """

    tokenizer: Any
    system: str | None
    merged: bool
    where: str
    seconds: float = SECONDS

    @property
    def templated(self) -> bool:
        """Whether there is a template, which then writes the special tokens itself."""
        return bool(getattr(self.tokenizer, "chat_template", None))

    def prompt(self, text: str) -> str:
        """Return a prompt as the model gets it.

        Raises:
            IsoglossError: The template fails on this text.
        """
        if not self.templated:
            return f"{self.system}\n\n{text}\n" if self.system else f"{text}\n"
        if self.merged:
            return self._rendered(f"{self.system}\n\n{text}" if self.system else text, None)
        return self._rendered(text, self.system)

    def _takes_system(self) -> bool:
        """Tell whether the template has a place for a system message."""
        try:
            rendered = self._render(_USER, _SYSTEM)
            if not self.system:  # an empty one stands in the place of the template's own default
                self._render(_USER, self.system)
        except Exception:  # whatever a template raises, it does not take it
            return False
        return _SYSTEM in rendered and _USER in rendered

    def _rendered(self, text: str, system: str | None) -> str:
        try:
            return self._render(text, system)
        except _TooLong as error:
            raise _useless("does not end", self.where) from error
        except Exception as error:  # templates are programs of others, and raise anything
            first = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise _useless(f"cannot be used ({first})", self.where) from error

    def _render(self, text: str, system: str | None) -> str:
        messages = [] if system is None else [{"role": "system", "content": system}]
        messages.append({"role": "user", "content": text})
        with _time_limit(self.seconds):
            return str(
                self.tokenizer.apply_chat_template(
                    messages, tokenize=False, add_generation_prompt=True
                )
            )


def open_chat(tokenizer: Any, system: str | None, where: str, *, seconds: float = SECONDS) -> Chat:
    """Try a model's chat template with a message, and a system message if there is one.

    A template that refuses a system message, or drops it, has it at the head of the user's message
    (as Gemma's authors ask for); that is said once.

    Raises:
        IsoglossError: The template does not parse, does not end, or leaves out what is asked.
    """
    chat = Chat(tokenizer, system, False, where, seconds)
    if not chat.templated:
        return chat
    with _little_memory():
        plain = chat._rendered(_USER, None)
        if not plain.strip():
            raise _useless("gives an empty prompt", where)
        if _USER not in plain:
            raise _useless("leaves out what is asked", where)
        if system is None or chat._takes_system():
            return chat
    if system:
        warn(
            f"{where}: its chat template takes no system message; "
            "it stands at the head of each prompt"
        )
    return replace(chat, merged=True)


def _useless(problem: str, where: str) -> IsoglossError:
    return IsoglossError(
        f"its chat template {problem}",
        where=where,
        remedy="Mend chat_template in its folder, or remove it to ask in plain text",
    )


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Interrupt what takes too long; only the main thread of a Unix process can."""
    usable = hasattr(signal, "setitimer")
    if not usable or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: object) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
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
