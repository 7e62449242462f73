"""The client of OpenAI-compatible endpoints, against a server of ours."""

from __future__ import annotations

import threading

import pytest
from support.chat_server import ChatServer

from isogloss.chat import ChatClient
from isogloss.errors import IsoglossError, Unavailable


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let retries wait for nothing, and say how long they would have."""
    waited: list[float] = []
    monkeypatch.setattr("urllib3.util.retry.time.sleep", waited.append)
    return waited


def slowly(prompt: str) -> str:
    threading.Event().wait(0.02)  # time.sleep waits for nothing here
    return prompt.upper()


def test_an_endpoint_answers_in_order_and_several_at_once() -> None:
    with ChatServer() as server:
        server.answer = slowly
        client = ChatClient(server.url, concurrency=4)
        answers = client("m", [f"p{n}" for n in range(12)], seed=7, system="Be brief.", top_p=1)
    assert answers == [f"P{n}" for n in range(12)]
    assert 1 < server.at_once <= 4
    body = min(server.asked, key=lambda body: body["messages"][-1]["content"])
    assert body == {
        "model": "m", "temperature": 0.0, "seed": 7, "max_tokens": 1024, "top_p": 1,
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "p0"}],
    }  # fmt: skip


def test_a_busy_endpoint_is_asked_again_after_what_it_says(no_waiting: list[float]) -> None:
    with ChatServer() as server:
        server.faults = [(429, {"Retry-After": "7"}), (503, {}), (529, {})]
        assert ChatClient(server.url, concurrency=1)("m", ["a", "b"]) == ["<a>", "<b>"]
    assert len(server.asked) == 2
    assert no_waiting[0] == 7
    assert 2 <= no_waiting[1] <= 3 and 4 <= no_waiting[2] <= 5, "it waits longer each time"


def test_an_endpoint_that_stays_busy_is_unavailable() -> None:
    with ChatServer() as server:
        server.faults = [(503, {})] * 3
        with pytest.raises(Unavailable, match=r"says 503 .*no, not now.*goes on after") as caught:
            ChatClient(server.url, retries=2)("m", ["a"])
        assert "\n" not in str(caught.value)
    with pytest.raises(Unavailable, match="the endpoint does not answer"):
        ChatClient(server.url, retries=1)("m", ["a"])


def test_half_an_answer_is_none_but_can_be_had() -> None:
    with ChatServer() as server:
        server.finish = "length"
        client = ChatClient(server.url)
        assert client("m", ["a"]) == [""]
        (answer,) = client.answers("m", ["a"])
    assert (answer.text, answer.stop_reason, answer.whole) == ("<a>", "length", False)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("localhost:8000", "is no address"),
        ("ftp://x/v1", "is no address"),
        ("https://me:pass@x/v1", "holds more than a place"),
        ("https://x/v1?key=1", "holds more than a place"),
    ],
)
def test_an_address_that_is_none_is_told(url: str, problem: str) -> None:
    with pytest.raises(IsoglossError, match=problem):
        ChatClient(url)


def test_offline_asks_nobody_but_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISOGLOSS_OFFLINE", "1")
    with pytest.raises(Unavailable, match="the network is forbidden"):
        ChatClient("https://api.example.org/v1")
    with ChatServer() as server:
        assert ChatClient(server.url)("m", ["a"]) == ["<a>"]


def test_a_wrong_path_is_told_with_what_to_do() -> None:
    with (
        ChatServer() as server,
        pytest.raises(IsoglossError, match=r"says 404 .*Check the address"),
    ):
        ChatClient(server.url.removesuffix("/v1"))("m", ["a"])


def test_a_key_is_sent_where_there_is_one_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUR_KEY", "sk-secret")
    with ChatServer() as server:
        server.raw = b"you are sk-secret"
        with pytest.raises(IsoglossError, match="is no chat completion") as caught:
            ChatClient(server.url, api_key_env="OUR_KEY")("m", ["a"])
    assert server.headers[0]["Authorization"] == "Bearer sk-secret"
    assert "sk-secret" not in str(caught.value)
    with ChatServer() as server:
        ChatClient(server.url)("m", ["a"])
    assert "Authorization" not in server.headers[0]
