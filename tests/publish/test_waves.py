"""A plan cut into waves, and what becomes of a phone that was given its files."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tuiprov.data.rollouts.waves import WaveDevice
from tuiprov.errors import Refused
from tuiprov.publish.waves import (
    AtPbx,
    Seen,
    Standing,
    cut,
    judge,
    parse_sizes,
    parse_wait,
)

NOW = datetime(2026, 11, 30, 2, 0, tzinfo=UTC)
WAIT = timedelta(minutes=10)


def standing(
    number: int, phone: str = "Yealink T46S", ago: int | None = 60, **more: object
) -> Standing:
    at = NOW - timedelta(seconds=ago) if ago is not None else None
    usual: dict[str, object] = {"is_seen": True, "is_registered": None} | more
    return Standing(number, f"Desk{number:02}", phone, fetched_at=at, **usual)  # type: ignore[arg-type]


def names(*devices: Standing, sizes: str = "1,2,all") -> list[list[str]]:
    waves = cut(devices, parse_sizes(sizes), NOW)
    return [[one.name for one in wave] for wave in waves]


class TestSizes:
    def test_numbers_and_then_all(self) -> None:
        assert parse_sizes("1, 5,50,ALL") == [1, 5, 50, None]
        assert parse_sizes("all") == [None]

    @pytest.mark.parametrize(
        "text", ["", "1,5", "all,1", "0,all", "-1,all", "x,all", "1,,all", "²,all"]
    )
    def test_anything_else_is_refused(self, text: str) -> None:
        with pytest.raises(Refused, match="waves: "):
            parse_sizes(text)

    def test_a_time_has_a_unit_or_is_in_seconds(self) -> None:
        assert [parse_wait(text) for text in ("90s", "10m", "1h", "600")] == [90, 600, 3600, 600]

    @pytest.mark.parametrize("text", ["", "0", "m", "10 minutes", "25h", "-5", "1e3", "٣m"])
    def test_no_other_time_is_taken(self, text: str) -> None:
        with pytest.raises(Refused, match="wait: "):
            parse_wait(text)


class TestWhoGoesFirst:
    def test_the_one_that_fetched_last(self) -> None:
        assert names(standing(1, ago=900), standing(2, ago=5), standing(3, ago=60))[0] == ["Desk02"]

    def test_one_that_is_registered_goes_before_one_that_fetched_later(self) -> None:
        first = names(
            standing(1, ago=5, is_registered=False), standing(2, ago=900, is_registered=True)
        )
        assert first[0] == ["Desk02"]

    def test_one_of_each_model_in_turn_the_commonest_first(self) -> None:
        yealinks = [standing(n, ago=n) for n in (1, 2, 3)]
        snoms = [standing(n, "Snom D765", ago=n) for n in (4, 5)]
        fanvil = standing(6, "Fanvil X4U", ago=6)
        found = names(fanvil, *snoms, *yealinks, sizes="1,2,all")
        assert found == [["Desk01"], ["Desk04", "Desk06"], ["Desk02", "Desk05", "Desk03"]]

    def test_one_that_nobody_saw_lately_goes_after_all_that_are_there(self) -> None:
        old = standing(1, "Snom D765", ago=8 * 86_400)
        assert names(old, standing(2, ago=None), standing(3), sizes="1,1,all") == [
            ["Desk03"],
            ["Desk01"],
            ["Desk02"],
        ]

    def test_phones_by_tftp_go_last_for_nobody_sees_them_fetch(self) -> None:
        tftp = standing(1, ago=None, is_seen=False)
        assert names(tftp, standing(2, ago=None)) == [["Desk02"], ["Desk01"]]

    def test_there_is_no_empty_wave(self) -> None:
        assert names(standing(1), standing(2), sizes="5,50,all") == [["Desk01", "Desk02"]]


AWAITED = WaveDevice(
    device_id=1,
    name="Desk01",
    phone="Yealink T46S",
    wave=1,
    state="asked",
    note="",
    planned="",
    is_awaited=True,
    is_seen=True,
    contacts={},
    published_at=NOW,
    asked_at=NOW,
    fetched_at=None,
    registered_at=None,
    is_over=False,
)
WITH_LINE = replace(AWAITED, contacts={"101": {"c1": "1000"}})
BEFORE, AGAIN = AtPbx({"101": {"c1": "1000"}}), AtPbx({"101": {"c1": "1300"}})
AT_ONCE, IN_TIME, TOO_LATE = (NOW + timedelta(minutes=n) for n in (0, 9, 11))


class TestWhatBecomesOfAPhone:
    def test_it_is_waited_for_until_it_has_all_files(self) -> None:
        for count in (0, 1):
            assert judge(AWAITED, Seen(2, count), None, IN_TIME, WAIT) == AWAITED

    def test_it_has_fetched_and_no_pbx_is_asked(self) -> None:
        found = judge(AWAITED, Seen(2, 2, IN_TIME), None, TOO_LATE, WAIT)
        assert (found.state, found.fetched_at, found.is_over) == ("fetched", IN_TIME, True)

    def test_it_is_late(self) -> None:
        found = judge(AWAITED, Seen(2, 1), None, TOO_LATE, WAIT)
        assert (found.state, found.note) == ("late", "did not fetch its new files (1 of 2 files)")

    def test_one_that_cannot_be_asked_says_so_when_it_is_late(self) -> None:
        found = judge(replace(AWAITED, note="address unknown"), Seen(1), None, TOO_LATE, WAIT)
        assert found.note == "did not fetch its new files; address unknown"

    def test_one_that_was_not_there_is_over_without_being_late(self) -> None:
        found = judge(replace(AWAITED, is_awaited=False), Seen(1), None, TOO_LATE, WAIT)
        assert (found.state, found.is_over) == ("asked", True)
        assert "was not expected" in found.note

    def test_other_files_meanwhile_end_it(self) -> None:
        found = judge(AWAITED, Seen(1, 1, AT_ONCE, is_overtaken=True), None, AT_ONCE, WAIT)
        assert (found.state, found.is_over) == ("left out", True)

    def test_a_phone_with_nothing_to_fetch_is_not_waited_for(self) -> None:
        assert judge(AWAITED, Seen(0), None, AT_ONCE, WAIT).is_over


class TestRegistering:
    def test_the_contact_of_before_is_not_enough(self) -> None:
        found = judge(WITH_LINE, Seen(1, 1, AT_ONCE), BEFORE, AT_ONCE, WAIT)
        assert (found.state, found.is_over) == ("fetched", False)
        assert judge(found, Seen(1, 1), BEFORE, TOO_LATE, WAIT).state == "late"

    def test_one_that_ends_later_was_registered_again(self) -> None:
        found = judge(WITH_LINE, Seen(1, 1, AT_ONCE), AGAIN, AT_ONCE, WAIT)
        assert (found.state, found.is_over) == ("registered", True)

    def test_a_new_contact_is_too(self) -> None:
        other = AtPbx({"101": {"c2": "900"}})
        assert judge(WITH_LINE, Seen(1, 1, AT_ONCE), other, AT_ONCE, WAIT).state == "registered"

    def test_a_registration_before_the_fetch_does_not_count(self) -> None:
        found = judge(WITH_LINE, Seen(1), AGAIN, AT_ONCE, WAIT)
        assert found.state == "asked"
        found = judge(found, Seen(1, 1, AT_ONCE), AGAIN, IN_TIME, WAIT)
        assert found.state == "fetched"

    def test_every_line_that_was_registered_has_to_come_back(self) -> None:
        two = replace(WITH_LINE, contacts={**WITH_LINE.contacts, "102": {"d1": "1000"}})
        found = judge(two, Seen(1, 1, AT_ONCE), AGAIN, AT_ONCE, WAIT)
        assert found.state == "fetched"
        assert judge(found, Seen(1, 1), AGAIN, TOO_LATE, WAIT).note.endswith("again: 102")

    def test_a_phone_that_takes_its_file_without_a_restart_answers_at_least(self) -> None:
        fetched = judge(WITH_LINE, Seen(1, 1, AT_ONCE), BEFORE, AT_ONCE, WAIT)
        answers = replace(BEFORE, answering=frozenset({"101"}))
        assert judge(fetched, Seen(1, 1), answers, IN_TIME, WAIT).state == "fetched"
        assert judge(fetched, Seen(1, 1), answers, TOO_LATE, WAIT).state == "registered"

    def test_a_pbx_that_does_not_answer_is_the_reason(self) -> None:
        fetched = judge(WITH_LINE, Seen(1, 1, AT_ONCE), BEFORE, AT_ONCE, WAIT)
        found = judge(fetched, Seen(1, 1), AtPbx(problem="asterisk: gone"), TOO_LATE, WAIT)
        assert (found.state, found.note) == ("late", "asterisk: gone")

    def test_a_phone_by_tftp_is_seen_by_its_registration(self) -> None:
        tftp = replace(WITH_LINE, is_seen=False)
        assert judge(tftp, Seen(0), BEFORE, IN_TIME, WAIT) == tftp
        assert judge(tftp, Seen(0), AGAIN, IN_TIME, WAIT).state == "registered"
