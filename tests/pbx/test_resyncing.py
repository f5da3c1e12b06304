"""Phones of a site are asked, and the fetch log shows who came."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fetches import a_fetch, device_id, log
from tests.inventory import a_tree
from tests.pbx.phones import SipPhone
from tests.screens.office import events, set_columns
from tests.sites import PHONE, Site
from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.kept import Resync
from tuiprov.data.resyncs import Asked, Target
from tuiprov.errors import NotAllowed, Refused
from tuiprov.resyncing import Resyncing


@pytest.fixture
def desk(site: Site) -> Site:
    """Two phones, the first at a fixed address; asked by our own SIP message."""
    site.add("0027*001", **PHONE)
    site.add("0027*002", **PHONE | {"mac": "80:5E:C0:00:00:02", "friendly_name": "Desk02"})
    return site.configure(resync_by="sip", resync_per_second=500)


def at(site: Site, number: str, port: int) -> None:
    """The phone of this extension is on this host, at this port."""
    set_columns(
        site, "extension", {"fixed_ip": "127.0.0.1", "fixed_port": port}, f"extension = '{number}'"
    )


def resyncing(site: Site, viewer: Viewer | None = None, **options: Any) -> Resyncing:
    return Resyncing(site.store, viewer or site.admin, **options)


class TestWhom:
    def test_a_phone_is_asked_by_its_own_event_at_its_first_line(self, desk: Site) -> None:
        at(desk, "0027*001", 5070)
        (target,) = resyncing(desk).matching("Desk01")
        number = device_id(desk)
        assert target == Target(
            number, "Desk01", "Yealink T46S", "check-sync", "0027*001", "127.0.0.1", 5070
        )

    def test_without_a_fixed_address_it_is_where_it_fetched_from_last(self, desk: Site) -> None:
        number = device_id(desk)
        log(
            desk,
            a_fetch(number, address="192.0.2.1"),
            a_fetch(number, address="192.0.2.2"),
            a_fetch(number, address="192.0.2.3", verdict="login"),
        )
        (target,) = resyncing(desk).matching("Desk01")
        assert (target.address, target.port) == ("192.0.2.2", 5060)
        assert resyncing(desk).matching("Desk02")[0].address == ""

    def test_who_has_no_file_is_not_asked(self, desk: Site) -> None:
        desk.save("0027*001", status="disabled")
        set_columns(desk, "device", {"model": "Nonesuch"}, "friendly_name = 'Desk02'")
        assert resyncing(desk).matching("") == []

    def test_a_device_is_asked_once_however_many_lines_it_has(self, desk: Site) -> None:
        rows = f"0027*003,Acme Ltd,john.smith,secret12,yes,2,{PHONE['mac']}\n"
        desk.import_text(
            "extension,organization,user,sip_password,use_provisioning,line,mac\n" + rows
        )
        assert [one.user for one in resyncing(desk).matching("Desk01")] == ["0027*001"]


class TestWhoMay:
    def test_modify_asks_the_phones_within_reach(self, tmp_path: Path) -> None:
        tree = a_tree(tmp_path)
        mine, theirs = (
            tree.device("Mine01", "acme", "0027*001"),
            tree.device("Theirs01", "beta", "0028*001"),
        )
        found = resyncing(tree.site, tree.viewer("acme")).targets([mine, theirs])
        assert [one.name for one in found] == ["Mine01"]
        asked = [Asked(number, datetime.now(UTC), "") for number in (mine, theirs)]
        tree.site.store.resyncs.record(tree.viewer("acme"), asked, "sip")
        assert [row.device_id for row in tree.site.rows(Resync)] == [mine]
        tree.site.store.resyncs.record(tree.site.admin, asked, "sip")
        assert set(tree.site.store.resyncs.of(tree.viewer("acme"), [mine, theirs])) == {mine}

    def test_view_does_not(self, tmp_path: Path) -> None:
        tree = a_tree(tmp_path)
        number = tree.device("Mine01", "acme", "0027*001")
        with pytest.raises(NotAllowed):
            resyncing(tree.site, tree.viewer("acme", "view")).targets([number])


class TestAsking:
    def test_the_phone_gets_its_event_and_it_is_written_down(self, desk: Site) -> None:
        work = resyncing(desk)
        with SipPhone() as phone:
            at(desk, "0027*001", phone.port)
            problems = work.ask(work.matching("Desk01"))
        number = device_id(desk)
        assert problems == {number: ""}
        assert phone.heard[0]["Event"] == "check-sync"
        assert phone.heard[0]["From"].startswith("<sip:tuiprov@pbx.example.com>")
        row = work.of([number])[number]
        assert (row.how, row.problem, row.fetched_at) == ("sip", "", None)
        assert abs((datetime.now(UTC) - row.asked_at).total_seconds()) < 5
        assert events(desk, "resync") == ["1 phone"]

    def test_what_went_wrong_is_written_down_too(self, desk: Site) -> None:
        work, told = resyncing(desk), []
        targets = work.matching("Desk02")
        work.ask(targets, lambda target, problem: told.append((target.name, problem)))
        row = work.of([device_id(desk, "Desk02")])[device_id(desk, "Desk02")]
        assert "its address is not known" in row.problem
        assert told == [("Desk02", row.problem)]
        assert row.state(datetime.now(UTC), 120) == "failed"

    def test_a_second_time_takes_the_place_of_the_first(self, desk: Site) -> None:
        work = resyncing(desk)
        for _ in range(2):
            work.ask(work.matching("Desk02"))
        assert len(desk.rows(Resync)) == 1

    def test_asterisk_is_told_the_endpoint(self, desk: Site, tmp_path: Path) -> None:
        desk.configure(resync_by="asterisk")
        log_file = tmp_path / "called"
        command = ("sh", "-c", f'printf "%s\\n" "$@" >> {log_file}', "asterisk")
        work = resyncing(desk, command=command)
        problems = work.ask(work.matching(""))
        assert set(problems.values()) == {""}
        assert log_file.read_text().splitlines() == [
            *("-rx", "pjsip send notify tuiprov-check-sync endpoint 0027*001"),
            *("-rx", "pjsip send notify tuiprov-check-sync endpoint 0027*002"),
        ]

    def test_where_the_settings_say_not_at_all_it_is_refused(self, desk: Site) -> None:
        desk.configure(resync_by="none")
        work = resyncing(desk)
        targets = work.matching("")
        for call in (work.plan, work.ask):
            with pytest.raises(Refused, match="choose in the preferences"):
                call(targets)
        assert not work.is_on
        assert events(desk, "resync") == []

    def test_what_was_asked_before_it_was_broken_off_stands_written_down(self, desk: Site) -> None:
        class Enough(Exception):
            pass

        def stop(_target: Target, _problem: str) -> None:
            raise Enough

        work = resyncing(desk)
        with pytest.raises(Enough):
            work.ask(work.matching(""), stop)
        assert len(desk.rows(Resync)) == 1

    @pytest.mark.parametrize(
        ("by", "pace", "words"),
        [
            ("sip", 10, "2 phones by a SIP message of our own, 10 a second, about 0:00:01"),
            ("asterisk", 1, "2 phones by Asterisk, 1 a second, about 0:00:02"),
        ],
    )
    def test_the_plan_says_how_and_how_long(
        self, desk: Site, by: str, pace: int, words: str
    ) -> None:
        desk.configure(resync_by=by, resync_per_second=pace)
        assert resyncing(desk).plan(resyncing(desk).matching("")) == words


class TestWhoCame:
    NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

    def state(self, site: Site, after: float, *fetches: float, **values: Any) -> str:
        """What is told `after` seconds, when the phone was logged at these seconds."""
        number = device_id(site)
        site.store.resyncs.record(site.admin, [Asked(number, self.NOW, "")], "sip")
        for seconds in fetches:
            log(site, a_fetch(number, at=self.NOW + timedelta(seconds=seconds), **values))
        row = site.store.resyncs.of(site.admin, [number])[number]
        return row.state(self.NOW + timedelta(seconds=after), 120)

    def test_first_it_is_asked_and_after_a_while_not_seen(self, desk: Site) -> None:
        assert self.state(desk, 0) == "asked"
        assert self.state(desk, 119) == "asked"
        assert self.state(desk, 120) == "not seen"

    def test_a_fetch_after_it_was_asked_is_what_was_wanted(self, desk: Site) -> None:
        assert self.state(desk, 500, 3) == "fetched"

    def test_a_fetch_before_does_not_count(self, desk: Site) -> None:
        assert self.state(desk, 5, -1) == "asked"

    def test_a_refused_request_does_not_count(self, desk: Site) -> None:
        assert self.state(desk, 5, 1, verdict="login") == "asked"

    def test_a_fetch_counts_even_where_no_answer_came(self, desk: Site) -> None:
        number = device_id(desk)
        desk.store.resyncs.record(desk.admin, [Asked(number, self.NOW, "no answer")], "sip")
        log(desk, a_fetch(number, at=self.NOW + timedelta(seconds=2)))
        row = desk.store.resyncs.of(desk.admin, [number])[number]
        assert row.state(self.NOW, 120) == "fetched"
