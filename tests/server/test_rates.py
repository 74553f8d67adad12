"""How often somebody may ask."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.server.conftest import OpenClient
from tests.server.test_access import Guarded

from mien.errors import RateLimitError
from mien.server import rates
from mien.server.rates import Rates, address_of

SESSION = "/api/v1/live/sessions/unknown"
JOB = "/api/v1/tokens/unknown"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


def test_what_was_used_up_comes_back_with_time(clock: Clock):
    some = Rates()
    for _ in range(60):
        some.take("a", 60)
    with pytest.raises(RateLimitError) as caught:
        some.take("a", 60)
    assert caught.value.retry_after_s == 1
    some.take("b", 60)
    clock.now += 1.01
    some.take("a", 60)
    with pytest.raises(RateLimitError):
        some.take("a", 60)
    clock.now += 3600
    for _ in range(60):
        some.take("a", 60)
    with pytest.raises(RateLimitError):
        some.take("a", 60)


def test_the_wait_that_is_told_is_long_enough(clock: Clock):
    some = Rates()
    for _ in range(7):
        some.take("a", 7)
    with pytest.raises(RateLimitError) as caught:
        some.take("a", 7)
    clock.now += caught.value.retry_after_s
    some.take("a", 7)


def test_looking_takes_nothing(clock: Clock):
    some = Rates()
    assert [some.check("a", 2) for _ in range(5)] == [2.0] * 5


def test_it_does_not_grow_for_ever(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rates, "KEPT", 3)
    some = Rates()
    for key in range(10):
        some.take(key, 1)
    some.take(0, 1)
    with pytest.raises(RateLimitError):
        some.take(9, 1)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("testclient", "testclient", True),
    ],
)
def test_an_ipv6_network_counts_as_one_address(one: str, other: str, same: bool):
    assert (address_of({"client": (one, 1)}) == address_of({"client": (other, 2)})) is same
    assert address_of({}) == address_of({"client": None}) == ""


def test_each_token_may_change_so_much_a_minute_and_read_without_end(tmp_path: Path):
    guarded = Guarded(tmp_path, rate_limit=3)
    client = guarded.client("admin")
    answers = [client.delete(JOB) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 429]
    assert answers[-1].headers["content-type"] == "application/problem+json"
    assert answers[-1].json()["code"] == "rate_limit"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 20
    assert {client.get("/api/v1/me").status_code for _ in range(10)} == {200}
    assert guarded.client("make").delete(JOB).status_code == 403


def test_a_conversation_leaves_the_rest_alone(tmp_path: Path):
    client = Guarded(tmp_path, rate_limit=3).client("admin")
    answers = [client.post(f"{SESSION}/interrupt").status_code for _ in range(4)]
    assert answers == [404, 404, 404, 429]
    assert client.delete(JOB).status_code == 404


def test_no_limit_is_none(tmp_path: Path):
    client = Guarded(tmp_path, rate_limit=0).client("admin")
    assert {client.delete(JOB).status_code for _ in range(20)} == {404}


def test_this_machine_is_not_limited(open_client: OpenClient):
    client = open_client(rate_limit=2)
    assert {client.post(f"{SESSION}/interrupt").status_code for _ in range(5)} == {404}
