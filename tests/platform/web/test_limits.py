from uuid import uuid4

import pytest

from virage.platform.web.guard import ANONYMOUS, Principal
from virage.platform.web.limits import RATES, Limits
from virage.platform.web.problems import Problem


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def guest() -> Principal:
    return Principal("guest", None, uuid4())


def test_a_burst_is_allowed_and_then_one_must_wait_for_the_next_token() -> None:
    time = Time()
    limits, someone = Limits(time), guest()
    for _ in range(int(RATES["sensitive"].burst)):
        limits.take("sensitive", someone)
    with pytest.raises(Problem) as refusal:
        limits.take("sensitive", someone)
    assert (refusal.value.code, refusal.value.headers) == ("rate_limited", {"retry-after": "10"})
    time.now = 10.0
    limits.take("sensitive", someone)
    with pytest.raises(Problem):
        limits.take("sensitive", someone)


def test_devices_and_classes_are_counted_apart() -> None:
    limits, someone = Limits(Time()), guest()
    for _ in range(int(RATES["sensitive"].burst)):
        limits.take("sensitive", someone)
    limits.take("sensitive", guest())
    limits.take("write", someone)


def test_anonymous_principals_are_not_counted() -> None:
    limits = Limits(Time())
    for _ in range(1_000):
        limits.take("sensitive", ANONYMOUS)


def test_an_api_client_has_a_higher_limit() -> None:
    limits, api_client = Limits(Time()), Principal("api_client", uuid4())
    for _ in range(5_000):
        limits.take("sensitive", api_client)


def test_unused_tokens_never_exceed_the_burst() -> None:
    time = Time()
    limits, someone = Limits(time), guest()
    limits.take("sensitive", someone)
    time.now = 1e6
    for _ in range(int(RATES["sensitive"].burst)):
        limits.take("sensitive", someone)
    with pytest.raises(Problem):
        limits.take("sensitive", someone)
