"""What a filter says of states, versions, numbers and ages, in the list as on the command line."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from tests.fetches import a_fetch, device_id, log
from tests.sites import PHONE, Site
from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.filter_words import version
from tuiprov.data.models import Device
from tuiprov.errors import Refused

ON_BOTH = True

NEW, OLD, OFF, BARE = ("0027*001", "0027*002", "0027*003", "0027*004")
"""Fetched today, a month ago, never and disabled; without a phone."""
ALL = [NEW, OLD, OFF, BARE]


def ago(**span: int) -> datetime:
    return datetime.now(UTC) - timedelta(**span)


def dated(site: Site, name: str, moment: datetime | None, state: str) -> None:
    with site.database.write() as session:
        device = session.exec(select(Device).where(Device.friendly_name == name)).one()
        device.published_at, device.publish_state = moment, state
        session.add(device)


@pytest.fixture
def filled(site: Site) -> Site:
    phone = PHONE | {"update_interval": 60}
    site.add(NEW, **phone)
    other = {"mac": "80:5E:C0:00:00:02", "friendly_name": "Desk02", "firmware": "83"}
    site.add(OLD, **PHONE | other | {"update_interval": 3600})
    other = {"mac": "80:5E:C0:00:00:03", "friendly_name": "Desk03", "status": "disabled"}
    site.add(OFF, **PHONE | other)
    site.add(BARE)
    dated(site, "Desk01", ago(minutes=30), "published")
    dated(site, "Desk02", ago(days=40), "failed")
    new, old, off = (device_id(site, name) for name in ("Desk01", "Desk02", "Desk03"))
    log(
        site,
        a_fetch(new, at=ago(days=20), version_id=1),
        a_fetch(new, at=ago(minutes=5), version_id=2),
        a_fetch(old, at=ago(days=30), version_id=1),
        a_fetch(old, at=ago(minutes=1), verdict="key"),
        a_fetch(off, at=ago(minutes=1), verdict="key"),
    )
    return site


def found(site: Site, text: str, viewer: Viewer | None = None) -> list[str]:
    viewer = viewer or site.admin
    ids = site.store.extension_ids(viewer, text)
    rows = site.store.extension_rows(viewer, ids)
    return [rows[i].extension for i in ids]


def devices(site: Site, text: str) -> list[str]:
    ids = site.store.devices.ids(site.admin, text)
    return [site.store.devices.rows(site.admin, [i])[i].friendly_name for i in ids]


class TestStates:
    def test_the_state_that_the_list_shows_can_be_asked_for(self, filled: Site) -> None:
        expected = {
            "state:published": [NEW],
            "state:failed": [OLD],
            "state:disabled": [OFF],
            "state:none": [BARE],
            "-state:none": [NEW, OLD, OFF],
            "state:dis": [OFF],
            "state:STALE": [],
            "state:": ALL,
            "status:dis": [OFF],
            "use_provisioning:n": [BARE],
        }
        assert {text: found(filled, text) for text in expected} == expected

    def test_every_extension_is_in_the_state_that_its_row_shows(self, filled: Site) -> None:
        rows = filled.store.extension_rows(
            filled.admin, filled.store.extension_ids(filled.admin, "")
        )
        for row in rows.values():
            word = "none" if row.state == "not provisioned" else row.state
            assert row.extension in found(filled, f"state:{word}")

    def test_a_wrong_word_is_told_with_those_that_are_right(self, filled: Site) -> None:
        states = "must be none, disabled, published, stale, publishing or failed"
        expected = {
            "state:green": f"state: {states}",
            "state:unassigned": f"state: {states}",
            "status:off": "status: must be enabled or disabled",
            "use_provisioning:maybe": "use_provisioning: must be yes or no",
            "dtmf_mode:morse": "dtmf_mode: must be rfc2833, inband, info or auto",
        }
        for text, told in expected.items():
            with pytest.raises(Refused) as refused:
                found(filled, text)
            assert str(refused.value) == f"filter, {told}"

    def test_devices_have_the_states_of_devices(self, filled: Site) -> None:
        with pytest.raises(Refused, match="must be unassigned, disabled, published"):
            devices(filled, "state:none")
        assert devices(filled, "state:failed") == ["Desk02"]

    def test_a_plan_for_a_state_is_for_the_devices_of_that_state(self, filled: Site) -> None:
        ids = filled.store.device_ids(filled.admin, "state:failed")
        assert ids == [device_id(filled, "Desk02")]
        assert filled.store.device_ids(filled.admin, "state:none") == []


class TestVersions:
    def test_a_firmware_is_compared_piece_by_piece(self, filled: Site) -> None:
        expected = {
            "firmware:<84": [OLD],
            "firmware:<=84": [NEW, OLD, OFF],
            "firmware:>=83.5": [NEW, OFF],
            "firmware:>9": [NEW, OLD, OFF],
            "firmware:<100": [NEW, OLD, OFF],
            "firmware:=83": [OLD],
            "-firmware:<84": [NEW, OFF, BARE],
            "firmware:<": ALL,
            "-firmware:<": ALL,
            "firmware:84": [NEW, OFF],
        }
        assert {text: found(filled, text) for text in expected} == expected

    def test_versions_are_numbers_and_no_texts(self) -> None:
        mixed = ["66.100.0.1", "5.2", "1.0", "P0S3-08", "66.84.0.15", "5.x", "1.0beta", "1.0.2"]
        rising = ["P0S3-08", "1.0beta", "1.0", "1.0.2", "5.x", "5.2", "66.84.0.15", "66.100.0.1"]
        assert sorted(mixed, key=version) == rising
        assert version("84") == version("84.0")

    def test_what_is_no_version_is_told(self, filled: Site) -> None:
        for value in ("<abc", ">.", "<²"):
            with pytest.raises(Refused, match=r"firmware: must be a version: 84"):
                found(filled, f"firmware:{value}")


class TestNumbers:
    def test_numbers_are_compared(self, filled: Site) -> None:
        expected = {
            "update_interval:>60": [OLD],
            "update_interval:>=60": [NEW, OLD],
            "update_interval:<61": [NEW],
            "update_interval:60": [NEW],
            "-update_interval:60": [OLD, OFF, BARE],
            "update_interval:>": ALL,
            "-update_interval:>": ALL,
            "line:": [NEW, OLD, OFF],
            "line:>1": [],
        }
        assert {text: found(filled, text) for text in expected} == expected

    def test_what_is_no_number_is_told(self, filled: Site) -> None:
        for value in ("x", ">x", "-1", "9999999999", ">9999999999", "٣"):
            with pytest.raises(Refused, match="update_interval: must be a number: 60"):
                found(filled, f"update_interval:{value}")


class TestAges:
    def test_an_age_is_asked_of_the_log_and_of_the_last_publishing(self, filled: Site) -> None:
        expected = {
            "fetched:<2h": [NEW],
            "fetched:>7d": [OLD],
            "fetched:>10m": [OLD],
            "fetched:<5w": [NEW, OLD],
            "fetched:never": [OFF],
            "fetched:nev": [OFF],
            "-fetched:never": [NEW, OLD, BARE],
            "-fetched:<2h": [OLD, OFF, BARE],
            "fetched:": ALL,
            "fetched:<": ALL,
            "-fetched:>": ALL,
            "published:<1h": [NEW],
            "published:>30d": [OLD],
            "published:never": [OFF],
            "published:>99999w": [],
        }
        assert {text: found(filled, text) for text in expected} == expected

    def test_devices_are_asked_the_same(self, filled: Site) -> None:
        expected = {
            "fetched:<2h": ["Desk01"],
            "fetched:>7d": ["Desk02"],
            "fetched:never": ["Desk03"],
            "-fetched:never": ["Desk01", "Desk02"],
            "published:>30d": ["Desk02"],
            "-published:>30d": ["Desk01", "Desk03"],
        }
        assert {text: devices(filled, text) for text in expected} == expected

    def test_what_is_no_age_is_told(self, filled: Site) -> None:
        wrong = ("7d", "=7d", ">7", "<7y", "<-1d", "yesterday", ">999999d")
        for name, value in itertools.product(("fetched", "published"), wrong):
            with pytest.raises(
                Refused, match=f"{name}: must be never, or an age in s, m, h, d or w"
            ):
                found(filled, f"{name}:{value}")


class TestFirmwareSeen:
    @pytest.fixture
    def seen(self, filled: Site) -> Site:
        names = {"Desk01": "Yealink SIP-T46S 66.84.0.15", "Desk02": "Yealink SIP-T46S 66.9.0.1"}
        log(filled, *(a_fetch(device_id(filled, n), agent=one) for n, one in names.items()))
        log(filled, a_fetch(device_id(filled, "Desk03"), agent="curl/8"))
        return filled

    def test_what_phones_named_is_compared_piece_by_piece(self, seen: Site) -> None:
        expected = {
            "firmware_seen:<66.84": ["Desk02"],
            "firmware_seen:>=66.84": ["Desk01"],
            "firmware_seen:=66.84.0.15": ["Desk01"],
            "firmware_seen:=66.84": [],
            "firmware_seen:66.84": ["Desk01"],
            "firmware_seen:": ["Desk01", "Desk02"],
            "firmware_seen:<": ["Desk01", "Desk02", "Desk03"],
            "-firmware_seen:>0": ["Desk03"],
            "-firmware_seen:66": ["Desk03"],
            "firmware_seen:<66.84 model:T46S": ["Desk02"],
        }
        assert {text: devices(seen, text) for text in expected} == expected

    def test_extensions_are_asked_the_same(self, seen: Site) -> None:
        assert found(seen, "firmware_seen:<66.84") == [OLD]
        assert found(seen, "-firmware_seen:<66.84") == [NEW, OFF, BARE]

    def test_the_list_shows_what_the_filter_compares(self, seen: Site) -> None:
        numbers = list(seen.store.devices.ids(seen.admin, "firmware_seen:<66.84"))
        shown = seen.store.fetches.last_of(seen.admin, numbers)
        assert [one.firmware for one in shown.values()] == ["66.9.0.1"]

    def test_what_is_no_version_is_told(self, seen: Site) -> None:
        with pytest.raises(Refused, match="firmware_seen: must be a version"):
            devices(seen, "firmware_seen:>new")

    def test_who_sees_no_devices_cannot_ask(self, seen: Site) -> None:
        with pytest.raises(Refused, match="is not shown to you"):
            found(seen, "firmware_seen:66", seen.viewer("user", "none", sip=True))


class TestWhatAViewerIsNotShown:
    def test_cannot_be_found_out_by_a_filter(self, filled: Site) -> None:
        viewer = filled.viewer("user", "none", sip=True)
        of_device = ("mac:80", "-model:T46S", "state:stale", "line:1")
        for text in (*of_device, "fetched:never", "-published:<1d"):
            with pytest.raises(Refused, match="is not shown to you"):
                found(filled, text, viewer)

    def test_is_not_among_what_free_words_are_looked_for_in(self, filled: Site) -> None:
        for word in ("805ec0", "T46S", "Desk01"):
            assert found(filled, word, filled.viewer("user", "view")) != []
            assert found(filled, word, filled.viewer("user", "none")) == []

    def test_sip_fields_are_for_who_manages_sip(self, filled: Site) -> None:
        with pytest.raises(Refused, match="codecs: is not shown to you"):
            found(filled, "codecs:alaw", filled.viewer("user", "modify"))
        assert found(filled, "codecs:alaw", filled.viewer("user", "modify", sip=True)) == ALL


PARTS = st.sampled_from(
    [
        *("firmware_seen:", ">66.84"),
        *("state:", "firmware:", "fetched:", "published:", "line:", "status:", "-", "@", '"'),
        *("<", ">", "<=", "=", "84", "7d", "never", "stale", "none", " ", "\0", "x", "ı", "²", "ß"),
        *("\n", '@"a\nb"', "\u2028"),
        *("sip_password:", "update_interval:", "use_provisioning:", "y", "99999", "w", ":", "%"),
    ]
)
TEXTS = st.text(max_size=30) | st.lists(PARTS, max_size=9).map("".join)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None
)
@given(text=TEXTS)
def test_any_text_filters_or_is_refused_in_one_line(filled: Site, text: str) -> None:
    for ask in (found, devices):
        try:
            ask(filled, text)
        except Refused as refused:
            assert str(refused).splitlines() == [str(refused.refusals[0])]  # noqa: PT017


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None
)
@given(text=TEXTS)
def test_a_denied_word_matches_exactly_the_others(filled: Site, text: str) -> None:
    word = '"' + text.replace('"', "").replace("\\", "") + '"'
    others = found(filled, f"-{word}") if len(word) > 2 else []
    assert sorted(found(filled, word) + others) == ALL


def test_a_filter_has_a_hundred_words_at_most_those_of_saved_ones_among_them(
    filled: Site,
) -> None:
    filled.store.views.save_filter(filled.admin, "extensions", "sixty", "-model:x " * 60)
    for text in ("-model:x " * 100, "@sixty " + "-model:x " * 40):
        assert found(filled, text) == ALL
    for text in ("-model:x " * 101, "@sixty -@sixty", "@sixty " * 50_000, "a " * 100_000):
        with pytest.raises(Refused, match="filter: holds more than 100 words"):
            found(filled, text)
    with pytest.raises(Refused, match="filter: holds more than 100 words"):
        devices(filled, "a " * 101)
