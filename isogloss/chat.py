"""Prompts answered by a model behind an OpenAI-compatible endpoint, near or far."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, ValidationError

from isogloss.environment import offline
from isogloss.errors import IsoglossError, Unavailable

if TYPE_CHECKING:
    import requests

# What may go well the next time (RFC 9110; 529 is how some say that they are overloaded).
_AGAIN = (408, 409, 425, 429, 500, 502, 503, 504, 529)
_LONGEST_WAIT = 60
_SHOWN = 200


class _Message(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Completion(BaseModel):
    choices: list[_Choice] = Field(min_length=1)


class Engine(Protocol):
    """What answers prompts: a model, near or far. `ChatClient` is one."""

    def __call__(self, model: str, prompts: Sequence[str], **settings: Any) -> list[str]:
        """Return an answer to each prompt, in order; one that is not whole is empty.

        Args:
            model: What users name a model by.
            prompts: Prompts.
            settings: How it answers, as for `ChatClient.answers`.
        """


@dataclass(frozen=True)
class Answer:
    """An answer to a prompt.

    Attributes:
        text: The text, as far as it goes.
        stop_reason: Why it ends, in the endpoint's words: ``stop`` where it is whole (or the
            endpoint does not say), ``length`` where it was cut off at the limit.
    """

    text: str
    stop_reason: str

    @property
    def whole(self) -> bool:
        """Whether the model ended it itself."""
        return self.stop_reason == "stop"


class ChatClient:
    """Answers prompts by ``POST BASE_URL/chat/completions``, several at once.

    That is the OpenAI API's "Create chat completion", which vLLM, llama.cpp, Ollama, TGI, SGLang
    and most providers answer to.

    Args:
        base_url: The endpoint, such as ``http://localhost:8000/v1``.
        api_key_env: The environment variable that holds the key; None where none is wanted.
        concurrency: Requests at once.
        timeout: Seconds to wait for an answer.
        retries: How often a request is tried again where the endpoint is busy or broken (408,
            409, 425, 429, 5xx) or the line is: after what ``Retry-After`` says, else after 1, 2, 4
            … seconds, up to a minute, and up to one more at random.
        where: The place to name in an error.

    Raises:
        IsoglossError: The address is none, or the variable is not set.
        Unavailable: The network is forbidden, and the endpoint is not on this machine.
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key_env: str | None = None,
        concurrency: int = 8,
        timeout: float = 120,
        retries: int = 6,
        where: str = "endpoint",
    ) -> None:
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._where = f"{where}: {base_url}"
        self._concurrency, self._timeout = concurrency, timeout
        _check_address(base_url, self._where)
        self._key = _key(api_key_env, self._where)
        self._session = _session(concurrency, retries)

    def __call__(self, model: str, prompts: Sequence[str], **settings: Any) -> list[str]:
        """Return the text of an answer to each prompt, in order, as `answers` gives them.

        One that was cut off at the limit or withheld is empty: half a text is none.
        """
        answers = self.answers(model, prompts, **settings)
        return [answer.text if answer.whole else "" for answer in answers]

    def answers(
        self,
        model: str,
        prompts: Sequence[str],
        *,
        temperature: float = 0.0,
        seed: int | None = None,
        max_tokens: int | None = 1024,
        system: str | None = None,
        **more: Any,
    ) -> list[Answer]:
        """Return an answer to each prompt, in order.

        Args:
            model: What the endpoint calls it.
            prompts: Prompts, each the user's turn of a conversation of its own.
            temperature: 0 for the likeliest answer.
            seed: Of what is drawn, where the endpoint knows seeds.
            max_tokens: The longest answer; None leaves it to the endpoint.
            system: The system's turn before each, if any.
            more: Further fields of each request, such as ``top_p``.

        Raises:
            IsoglossError: The endpoint refuses a request, or answers with something else.
            Unavailable: It does not answer, or is busy or broken at the last try, too.
        """
        settings = {"temperature": temperature, "seed": seed, "max_tokens": max_tokens, **more}
        fixed = {"model": model} | {key: it for key, it in settings.items() if it is not None}
        before = [] if system is None else [{"role": "system", "content": system}]
        bodies = [
            fixed | {"messages": [*before, {"role": "user", "content": prompt}]}
            for prompt in prompts
        ]
        pool = ThreadPoolExecutor(self._concurrency)
        try:
            return list(pool.map(self._answer, bodies))
        finally:  # at an error, what has not begun is not sent any more
            pool.shutdown(wait=True, cancel_futures=True)

    def _answer(self, body: dict[str, Any]) -> Answer:
        import requests

        try:
            response = self._session.post(
                self._url, json=body, auth=self._authorized, timeout=(10, self._timeout)
            )
        except requests.RequestException as error:
            raise self._unavailable(
                f"the endpoint does not answer ({self._line(error)})"
            ) from error
        if response.status_code in _AGAIN:
            line = self._line(response.text)
            raise self._unavailable(f"the endpoint says {response.status_code} ({line})")
        if not response.ok:
            raise IsoglossError(
                f"the endpoint says {response.status_code} ({self._line(response.text)})",
                where=self._where,
                remedy=_REMEDIES.get(response.status_code),
            )
        try:
            choice = _Completion.model_validate_json(response.content).choices[0]
        except ValidationError as error:
            raise IsoglossError(
                f"the endpoint's answer is no chat completion ({self._line(response.text)})",
                where=self._where,
                remedy="Give the address up to /v1, of an OpenAI-compatible server",
            ) from error
        reason = "stop" if choice.finish_reason is None else choice.finish_reason
        return Answer(choice.message.content or "", reason)

    def _authorized(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        # Given as a function, so that no .netrc puts another key in its place.
        if self._key:
            request.headers["Authorization"] = f"Bearer {self._key}"
        return request

    def _unavailable(self, problem: str) -> Unavailable:
        return Unavailable(
            problem,
            where=self._where,
            remedy="Run the same command again: it goes on after the answers that were written down",
        )

    def _line(self, text: object) -> str:
        """Return what the endpoint says in one short line, without the key: some show it."""
        text = " ".join(str(text).split())
        return (text.replace(self._key, "…") if self._key else text)[:_SHOWN]


_REMEDIES = {
    401: "Check the key in the environment variable that api_key_env names",
    403: "Check the key in the environment variable that api_key_env names",
    404: "Check the address, which ends in /v1 as a rule, and the model's name",
}


def _session(concurrency: int, retries: int) -> requests.Session:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    again = Retry(
        retries,
        status_forcelist=_AGAIN,
        allowed_methods=None,  # an answer made twice does no harm
        backoff_factor=1,
        backoff_max=_LONGEST_WAIT,
        backoff_jitter=1,
        retry_after_max=_LONGEST_WAIT,
        raise_on_status=False,
    )
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=concurrency, max_retries=again))
    return session


def _check_address(base_url: str, where: str) -> None:
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise IsoglossError(
            "is no address",
            where=where,
            remedy="Give it as http://localhost:8000/v1 or https://…",
        )
    if parts.username or parts.password or parts.query:
        raise IsoglossError(
            "holds more than a place",
            where=where,
            remedy="Keys belong into an environment variable: api_key_env",
        )
    if offline() and not _is_here(parts.hostname):
        raise Unavailable(
            "the network is forbidden (--offline)", where=where, remedy="Run without --offline"
        )


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _key(variable: str | None, where: str) -> str | None:
    if variable is None:
        return None
    key = os.environ.get(variable, "").strip()
    if not key:
        raise IsoglossError(
            f"the environment variable {variable} holds no key",
            where=where,
            remedy=f"export {variable}=…, or leave api_key_env out where none is wanted",
        )
    return key
