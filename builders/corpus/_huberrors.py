"""What goes wrong when something is put on the Hugging Face hub, in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from isogloss.errors import IsoglossError, Unavailable

_AGAIN = "Run the same command again; what has arrived is not sent again"


@contextmanager
def told(repo_id: str) -> Iterator[None]:
    """Tell what goes wrong at the hub in one line.

    Raises:
        IsoglossError: The hub refuses something.
        Unavailable: It does not answer.
    """
    try:
        yield
    except IsoglossError:
        raise
    except Exception as error:
        explained = _explained(error, repo_id)
        if explained is None:
            raise
        raise explained from error


def _explained(error: BaseException, repo_id: str) -> IsoglossError | None:
    from huggingface_hub import errors

    # Which library the hub's client speaks HTTP with has changed twice; its errors say which.
    http_error: type[Exception] = errors.HfHubHTTPError.__bases__[0]
    if isinstance(error, errors.HfHubHTTPError):
        return _refused(error.response.status_code, _line(error, error.server_message), repo_id)
    if isinstance(error, RuntimeError) and error.__cause__ is not None:
        return _explained(error.__cause__, repo_id)  # a thread's error, wrapped
    if isinstance(error, (ConnectionError, TimeoutError, http_error, RuntimeError)):
        line = _line(error)
        return Unavailable(f"the hub does not answer ({line})", where=repo_id, remedy=_AGAIN)
    if isinstance(error, ValueError):
        return IsoglossError(f"the hub refuses this corpus ({_line(error)})", where=repo_id)
    return None  # the disk's errors, and mistakes of ours


def _refused(status: int, line: str, repo_id: str) -> IsoglossError:
    if status == 401:
        return IsoglossError(
            f"the hub does not accept this login ({line})",
            where=repo_id,
            remedy="Log in anew: hf auth login (HF_TOKEN, where set, goes before it)",
        )
    if status == 403:
        return IsoglossError(
            f"the hub forbids it ({line})",
            where=repo_id,
            remedy="Check the user or organization in the name, and what the token may do",
        )
    if status == 409:
        return IsoglossError(
            f"the name is taken, or something else is under way there ({line})",
            where=repo_id,
            remedy="Choose another name, or try again in a moment",
        )
    if status == 412:
        return IsoglossError(
            "somebody else changed the repository meanwhile", where=repo_id, remedy=_AGAIN
        )
    if status == 429 or status >= 500:
        return Unavailable(f"the hub cannot take it now ({line})", where=repo_id, remedy=_AGAIN)
    return IsoglossError(f"the hub refuses it ({line})", where=repo_id)


def _line(error: BaseException, told: str | None = None) -> str:
    return " ".join((told or str(error) or type(error).__name__).split())[:300]
