"""Time zones, languages and countries that the site's preferences may name."""

from __future__ import annotations

from zoneinfo import ZoneInfo, available_timezones

import pytest

from tuiprov.data.places import COUNTRIES, LANGUAGES, TIME_ZONES, Switch, TimeRule, time_rule


@pytest.mark.parametrize("zone", TIME_ZONES)
def test_every_zone_has_a_rule_that_can_be_read(zone: str) -> None:
    rule = time_rule(zone)
    assert -720 <= rule.offset <= 840
    assert (rule.start is None) == (rule.end is None)


def test_berlin_is_an_hour_east_and_saves_daylight_from_march_to_october() -> None:
    assert time_rule("Europe/Berlin") == TimeRule(60, Switch(3, 5, 0, 2), Switch(10, 5, 0, 3))


def test_st_johns_is_three_and_a_half_hours_west() -> None:
    assert time_rule("America/St_Johns").offset == -210


def test_kolkata_has_no_daylight_saving_time() -> None:
    assert time_rule("Asia/Kolkata") == TimeRule(330)


@pytest.mark.skipif("Europe/Berlin" not in available_timezones(), reason="no zones on this host")
def test_the_offsets_are_those_of_the_time_zone_database() -> None:
    from datetime import UTC, datetime, timedelta

    moments = [datetime(2025, month, 15, tzinfo=UTC) for month in (1, 7)]
    for zone in set(TIME_ZONES) & available_timezones():
        found = [moment.astimezone(ZoneInfo(zone)).utcoffset() for moment in moments]
        expected = timedelta(minutes=time_rule(zone).offset)
        assert expected == min(offset for offset in found if offset is not None), zone


def test_languages_and_countries_are_codes_of_two_letters() -> None:
    assert all(len(code) == 2 and code.islower() for code in LANGUAGES)
    assert all(len(code) == 2 and code.isupper() for code in COUNTRIES)
