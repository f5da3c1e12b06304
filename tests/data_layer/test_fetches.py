"""Reading the fetch log: newest first, filtered, and what each phone has fetched last."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlmodel import select

from tests.fetches import AGENT, FIRMWARE, NOON, a_fetch, device_id, log, published_as
from tests.screens.office import publish_all
from tests.sites import PHONE, Site
from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.completion import proposals, typed, vocabulary
from tuiprov.data.fetches import MOST
from tuiprov.data.kept import PublishedFile
from tuiprov.errors import NotAllowed, Refused
from tuiprov.text import without_tokens

ON_BOTH = True


@pytest.fixture
def desk(site: Site) -> Site:
    """A site with two phones, their files published as version 7."""
    site.add("0027*001", **PHONE)
    site.add("0027*002", **PHONE | {"mac": "80:5E:C0:00:00:02", "friendly_name": "Desk02"})
    publish_all(site)
    published_as(site, 7)
    published_as(site, 7, "Desk02")
    return site


def test_the_newest_come_first_and_a_thousand_at_most(desk: Site) -> None:
    ids = log(desk, *(a_fetch() for _ in range(MOST + 5)))
    assert list(desk.store.fetches.ids(desk.admin)) == ids[:4:-1]


def test_a_row_says_who_asked_for_what_and_what_decided(desk: Site) -> None:
    path = published_as(desk, 7)
    number = device_id(desk)
    (one,) = log(desk, a_fetch(number, file=path, version_id=7, sent=812))
    row = desk.store.fetches.rows(desk.admin, [one])[one]
    assert (row.at, row.address, row.protocol, row.method) == (NOON, "192.0.2.7", "https", "GET")
    assert (row.device_id, row.device, row.agent) == (number, "Desk01", AGENT)
    assert row.file == without_tokens(path)
    assert (row.verdict, row.status, row.sent, row.is_current) == ("served", 200, 812, True)


def test_a_request_of_nobody_we_know_has_no_device(desk: Site) -> None:
    (one,) = log(desk, a_fetch(verdict="key"))
    row = desk.store.fetches.rows(desk.admin, [one])[one]
    assert (row.device_id, row.device, row.is_current) == (None, "", False)


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("", "abcd"),
        ("verdict:served", "ab"),
        ("verdict:serv", ""),
        ("-verdict:served", "cd"),
        ("status:404", "cd"),
        ("198.51.100", "d"),
        ("address:198.51.100", "d"),
        ("DESK02", "b"),
        ("device:desk", "ab"),
        ("-device:desk01", "bcd"),
        ("fanvil", "d"),
        ("agent:fanvil verdict:key", "d"),
        ("path:boot", "c"),
        ("file:805ec0000001", "a"),
        ("80:5e:c0", "abc"),
        ("nothing", ""),
    ],
)
def test_words_and_fields_narrow_the_list(desk: Site, where: str, found: str) -> None:
    ids = log(
        desk,
        a_fetch(device_id(desk), file=published_as(desk, 7)),
        a_fetch(device_id(desk, "Desk02"), path="/prov/x"),
        a_fetch(verdict="file", path="/prov/01234567…/805ec0000001.boot"),
        a_fetch(verdict="key", address="198.51.100.9", agent="Fanvil X4U", path="/prov/y"),
    )
    names = dict(zip(ids, "abcd", strict=True))
    seen = desk.store.fetches.ids(desk.admin, where)
    assert "".join(sorted(names[number] for number in seen)) == found


def test_an_unknown_field_is_named(desk: Site) -> None:
    with pytest.raises(Refused, match="colour"):
        desk.store.fetches.ids(desk.admin, "colour:red")


class TestTheFilter:
    """Saved, and completed, like that of the other lists."""

    def proposed(self, site: Site, text: str, viewer: Viewer | None = None) -> list[str]:
        viewer, at = viewer or site.admin, typed(text)
        assert at is not None
        known = vocabulary(viewer, "requests")
        recorded = site.store.views.values(viewer, "requests", at)
        return [one.text for one in proposals(at, known, recorded)]

    @pytest.fixture
    def asked(self, desk: Site) -> Site:
        log(desk, a_fetch(device_id(desk)), a_fetch(device_id(desk, "Desk02"), verdict="login"))
        log(desk, a_fetch(verdict="key", address="198.51.100.9", agent="evil"))
        return desk

    def test_proposes_its_fields_and_what_is_in_the_log(self, asked: Site) -> None:
        assert self.proposed(asked, "-verd") == ["-verdict:"]
        assert self.proposed(asked, "verdict:") == [
            f"verdict:{word}" for word in ("key", "login", "served")
        ]
        assert self.proposed(asked, "status:4") == ["status:401", "status:404"]
        assert self.proposed(asked, "device:desk") == ["device:Desk01", "device:Desk02"]

    def test_proposes_no_token(self, asked: Site) -> None:
        path = published_as(asked, 7)
        by_mac = "http/805ec0000002/805ec0000002.cfg"
        by_tftp = "tftp/a-name/that-is-longer-than-a-token/x"
        log(asked, *(a_fetch(device_id(asked), file=one) for one in (path, by_mac, by_tftp)))
        token = path.split("/")[1]
        assert len(token) == 32
        assert self.proposed(asked, "file:")[:3] == [
            f"file:{one}" for one in sorted([without_tokens(path), by_mac, by_tftp])
        ]
        assert self.proposed(asked, f"file:http/{token}") == []

    def test_proposes_nobody_what_is_out_of_reach(self, asked: Site) -> None:
        user = asked.viewer("user", "modify")
        assert self.proposed(asked, "address:", user) == ["address:192.0.2.7"]
        assert self.proposed(asked, "agent:ev", user) == []
        with pytest.raises(NotAllowed):
            self.proposed(asked, "agent:", asked.viewer("user", "none"))

    def test_takes_saved_filters(self, asked: Site) -> None:
        asked.store.views.save_filter(asked.admin, "requests", "lost", "-verdict:served")
        assert len(asked.store.fetches.ids(asked.admin, "@lost")) == 2
        assert len(asked.store.fetches.ids(asked.admin, "-@lost")) == 1
        with pytest.raises(Refused, match="colour"):
            asked.store.views.save_filter(asked.admin, "requests", "bad", "colour:red")


class TestLastOf:
    def last(self, site: Site, name: str = "Desk01") -> tuple[object, bool, str]:
        number = device_id(site, name)
        found = site.store.fetches.last_of(site.admin, [number])[number]
        return found.at, found.is_current, found.firmware

    def test_a_phone_that_never_asked_is_not_there(self, desk: Site) -> None:
        assert desk.store.fetches.last_of(desk.admin, [device_id(desk)]) == {}

    def test_who_was_sent_the_published_version_has_it(self, desk: Site) -> None:
        path = published_as(desk, 7)
        log(desk, a_fetch(device_id(desk), file=path, version_id=7))
        assert self.last(desk) == (NOON, True, FIRMWARE)

    def test_a_newer_version_makes_it_old(self, desk: Site) -> None:
        path = published_as(desk, 7)
        log(desk, a_fetch(device_id(desk), file=path, version_id=7))
        published_as(desk, 8)
        assert self.last(desk) == (NOON, False, FIRMWARE)

    def test_an_older_version_sent_later_makes_it_old_too(self, desk: Site) -> None:
        path, number = published_as(desk, 7), device_id(desk)
        later = NOON + timedelta(minutes=5)
        sent = a_fetch(number, file=path, version_id=7)
        log(desk, sent, a_fetch(number, file=path, version_id=6, at=later))
        assert self.last(desk) == (later, False, FIRMWARE)

    def test_every_file_it_fetched_must_be_current(self, desk: Site) -> None:
        path, number = published_as(desk, 7), device_id(desk)
        with desk.database.write() as session:
            second = {"digest": "", "published_at": NOON, "version_id": 9}
            session.add(PublishedFile(path="http/x/b.cfg", device_id=number, **second))
        first = a_fetch(number, file=path, version_id=7)
        log(desk, first, a_fetch(number, file="http/x/b.cfg", version_id=8))
        assert self.last(desk)[1] is False
        log(desk, a_fetch(number, file="http/x/b.cfg", version_id=9))
        assert self.last(desk)[1] is True

    def test_a_file_that_is_not_published_any_more_says_nothing(self, desk: Site) -> None:
        number = device_id(desk)
        gone = a_fetch(number, file="http/x/gone.cfg", version_id=3)
        log(desk, gone)
        assert self.last(desk) == (NOON, False, FIRMWARE)
        log(desk, a_fetch(number, file=published_as(desk, 7), version_id=7))
        assert self.last(desk)[1] is True

    def test_a_refused_request_is_no_fetch_but_shows_the_firmware(self, desk: Site) -> None:
        log(desk, a_fetch(device_id(desk), verdict="login", agent="Yealink SIP-T46S 66.85.0.5"))
        assert self.last(desk) == (None, False, "66.85.0.5")

    def test_who_tries_its_link_does_not_change_the_firmware_seen(self, desk: Site) -> None:
        number = device_id(desk)
        log(desk, a_fetch(number), a_fetch(number, verdict="file", agent="curl/8"))
        assert self.last(desk)[2] == FIRMWARE

    def test_it_takes_as_many_queries_for_a_page_as_for_one(self, desk: Site) -> None:
        numbers = [device_id(desk), device_id(desk, "Desk02")]
        log(desk, *(a_fetch(number, file=published_as(desk, 7)) for number in numbers * 50))
        counts = []
        for wanted in (numbers[:1], numbers):
            seen: list[str] = []

            def told(
                _c: object, _u: object, words: str, *_: object, seen: list[str] = seen
            ) -> None:
                seen.append(words)

            event.listen(desk.database._engine, "before_cursor_execute", told)
            desk.store.fetches.last_of(desk.admin, wanted)
            event.remove(desk.database._engine, "before_cursor_execute", told)
            counts.append(sum(words.lstrip().startswith("SELECT") for words in seen))
        assert counts[0] == counts[1] == 3


def test_a_removed_device_s_requests_are_nobody_s_so_that_no_new_one_inherits_them(
    desk: Site,
) -> None:
    number = device_id(desk, "Desk02")
    (one,) = log(desk, a_fetch(number))
    page = desk.store.devices.open(desk.admin, number)
    desk.store.devices.remove(desk.admin, page, lambda gone: _forget_files(desk, gone))
    row = desk.store.fetches.rows(desk.admin, [one])[one]
    assert (row.device_id, row.device) == (None, "")
    assert desk.store.fetches.last_of(desk.admin, [number]) == {}


def _forget_files(site: Site, device_id: int) -> None:
    with site.database.write() as session:
        for file in session.exec(select(PublishedFile).where(PublishedFile.device_id == device_id)):
            session.delete(file)
