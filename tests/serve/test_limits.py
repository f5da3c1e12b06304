"""How often an address may miss, told by a clock of the test's own."""

from __future__ import annotations

import pytest

from tuiprov.serve.limits import DAY, HOUR, MACS_AN_HOUR, MISSES_A_MINUTE, Limits

HERE, THERE = "192.0.2.7", "192.0.2.8"


def misses(
    limits: Limits, count: int, now: float, address: str = HERE, every: float = 1.0
) -> float:
    """Miss so often, a second apart; gives the time of the last."""
    for number in range(count):
        limits.miss(address, "", now + number * every)
    return now + (count - 1) * every


def test_ten_misses_within_a_minute_ban_the_address() -> None:
    limits = Limits()
    last = misses(limits, MISSES_A_MINUTE - 1, 100.0)
    assert not limits.is_banned(HERE, last)
    assert limits.miss(HERE, "", last + 1)
    assert limits.is_banned(HERE, last + 2)
    assert not limits.is_banned(THERE, last + 2)


def test_nine_misses_a_minute_are_never_banned() -> None:
    limits = Limits()
    last = misses(limits, 500, 100.0, every=60 / 9)
    assert not limits.is_banned(HERE, last)


def test_a_ban_lasts_an_hour() -> None:
    limits = Limits()
    last = misses(limits, MISSES_A_MINUTE, 100.0)
    assert limits.is_banned(HERE, last + HOUR - 1)
    assert not limits.is_banned(HERE, last + HOUR)


def test_each_further_ban_lasts_twice_as_long_up_to_a_day() -> None:
    limits, now, lasted = Limits(), 100.0, []
    for _ in range(7):
        last = misses(limits, MISSES_A_MINUTE, now)
        hours = next(h for h in range(1, 30) if not limits.is_banned(HERE, last + h * HOUR))
        lasted.append(hours)
        now = last + hours * HOUR + 1
    assert lasted == [1, 2, 4, 8, 16, 24, 24]


def test_a_day_without_a_ban_forgets_the_former_ones() -> None:
    limits = Limits()
    last = misses(limits, MISSES_A_MINUTE, 100.0)
    again = misses(limits, MISSES_A_MINUTE, last + HOUR + DAY + 1)
    assert not limits.is_banned(HERE, again + HOUR)


def test_what_a_banned_address_does_is_not_counted() -> None:
    limits = Limits()
    last = misses(limits, MISSES_A_MINUTE, 100.0)
    misses(limits, 1_000, last + 1, every=3.0)
    assert not limits.is_banned(HERE, last + HOUR + 1)


def test_misses_under_fifty_macs_within_an_hour_ban_however_slow() -> None:
    limits = Limits()
    for number in range(MACS_AN_HOUR - 1):
        assert not limits.miss(HERE, f"mac {number}", 100.0 + number * 60)
    assert not limits.miss(HERE, "mac 0", 100.0 + 49 * 60)
    assert limits.miss(HERE, "mac 49", 100.0 + 50 * 60)


def test_macs_of_more_than_an_hour_ago_are_forgotten() -> None:
    limits = Limits()
    assert not any(limits.miss(HERE, f"mac {number}", number * 80.0) for number in range(500))


def test_no_more_addresses_are_remembered_than_there_is_room_for() -> None:
    limits = Limits(most=100)
    for number in range(5_000):
        limits.miss(f"address {number}", "", float(number))
    assert len(limits) == 100


def test_who_misses_on_and_on_is_not_the_one_that_makes_room() -> None:
    limits = Limits(most=100)
    last = misses(limits, MISSES_A_MINUTE, 0.0)
    for number in range(5_000):
        limits.miss(f"address {number}", "", last + number / 100)
        limits.miss(HERE, "", last + number / 100)
    assert limits.is_banned(HERE, last + 50)


@pytest.mark.parametrize(("seconds", "lines"), [(59, 1), (61, 2), (600, 10)])
def test_of_a_banned_address_one_request_a_minute_is_written_down(seconds: int, lines: int) -> None:
    limits = Limits()
    last = misses(limits, MISSES_A_MINUTE, 100.0)
    assert sum(limits.is_worth_logging(HERE, last + n) for n in range(seconds)) == lines
    assert all(limits.is_worth_logging(THERE, last + n) for n in range(100))
