"""One request from beginning to end on a real site, without HTTP: tokens, enrolment, the log."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest
from sqlalchemy import delete
from sqlmodel import col

from tests.publish.helpers import publish_site
from tests.serve.conftest import VERSION
from tests.serve.helpers import FIRST, Desk, bytes_of, change, device, own
from tests.serve.test_paths import ODD_PATHS
from tests.sites import Site
from tuiprov.data.kept import Enrolment, PublishedFile
from tuiprov.data.models import Device, Line
from tuiprov.errors import StoreError

HIDDEN = "not found\n"


def test_a_phone_gets_its_file_byte_for_byte(site: Site, desk: Desk) -> None:
    for name in ("Desk01", "Desk02"):
        reply = desk.get(own(site, name))
        assert (reply.status, reply.body) == (200, bytes_of(site, own(site, name)))
        assert (b"cache-control", b"no-store") in reply.headers


def test_every_refusal_is_the_same(site: Site, desk: Desk) -> None:
    token, digits = device(site).token, "805ec0000001"
    change(site, lambda one: setattr(one, "status", "disabled"), "Desk02")
    asked = [
        *(f"/prov/{token}/none.cfg", f"/prov/{secrets.token_hex(16)}/{digits}.cfg"),
        *(
            f"/prov/{digits}/{digits}.cfg",
            "/prov/805ec0000002/805ec0000002.cfg",
            "/",
            "/robots.txt",
        ),
        *ODD_PATHS,
    ]
    seen = {(one.status, one.body, tuple(one.headers)) for one in map(desk.get, asked)}
    assert len(seen) == 1
    assert next(iter(seen))[:2] == (404, HIDDEN.encode())


def test_a_token_of_the_log_is_cut_off(site: Site, desk: Desk) -> None:
    token = device(site).token
    desk.get(own(site))
    desk.get(f"/prov/{token}/none.cfg?token={token}")
    desk.get(f"/prov/{token.upper()}/x")
    assert [row.path[:15] for row in desk.rows()] == [f"/prov/{token[:8]}…/"[:15]] * 2 + [
        f"/prov/{token[:8].upper()}…"
    ]
    assert token not in "".join(desk.said)
    assert token.upper() not in "".join(desk.said)


# -- changes by an admin ------------------------------------------------------------------------


def test_a_disabled_device_is_refused_at_once(site: Site, desk: Desk) -> None:
    assert desk.get(own(site)).status == 200
    change(site, lambda one: setattr(one, "status", "disabled"))
    assert (desk.get(own(site)).verdict, desk.rows()[-1].verdict) == ("state", "state")


def test_a_revoked_token_is_refused_at_once(site: Site, desk: Desk) -> None:
    path = own(site)
    change(site, lambda one: setattr(one, "token", secrets.token_hex(16)))
    assert desk.get(path).verdict == "key"


def test_a_removed_device_is_refused_at_once(site: Site, desk: Desk) -> None:
    path, removed = own(site), device(site).id
    with site.store.database.write() as session:
        session.execute(delete(Line).where(col(Line.device_id) == removed))
        session.execute(delete(Device).where(col(Device.id) == removed))
    assert desk.get(path).verdict == "key"


def test_settings_are_read_anew_within_a_second(site: Site, desk: Desk) -> None:
    assert desk.get(own(site)).status == 200
    site.configure(phone_networks="10.0.0.0/8")
    desk.later(0.9)
    assert desk.get(own(site)).verdict == "address"


def test_tokens_are_never_repeated() -> None:
    assert len({secrets.token_hex(16) for _ in range(100_000)}) == 100_000


# -- enrolment ----------------------------------------------------------------------------------


@pytest.fixture
def first(site: Site, desk: Desk) -> str:
    """The path of Desk01's first file, open for an hour."""
    found = device(site)
    (site.publish_root / "http" / FIRST).mkdir()
    (site.publish_root / "http" / FIRST / "start.cfg").write_bytes(b"go on there")
    with site.store.database.write() as session:
        opened, until = desk.moment, desk.moment + timedelta(hours=1)
        session.add(Enrolment(device_id=found.id, token=FIRST, opened_at=opened, until=until))
        record = PublishedFile(path=f"http/{FIRST}/start.cfg", digest="", published_at=desk.moment)
        record.device_id = found.id
        session.add(record)
    return f"/prov/{FIRST}/start.cfg"


def test_the_first_link_is_good_within_its_window_only(first: str, desk: Desk) -> None:
    assert desk.get(first).body == b"go on there"
    desk.later(3_599)
    assert desk.get(first).status == 200
    desk.later(1)
    assert desk.get(first).verdict == "enrolment"


def test_the_first_link_dies_when_the_steady_one_is_used(
    site: Site, first: str, desk: Desk
) -> None:
    assert desk.get(first).status == 200
    desk.later(10)
    assert desk.get(own(site)).status == 200
    assert (desk.get(first).status, desk.get(first).verdict) == (404, "enrolment")
    assert desk.get(own(site)).status == 200


def test_another_process_sees_its_death_in_the_log(site: Site, first: str, desk: Desk) -> None:
    desk.later(10)
    desk.get(own(site))
    desk.log.flush()
    after_a_restart = Desk(site, moment=desk.moment)
    assert after_a_restart.get(first).verdict == "enrolment"


def test_what_was_fetched_before_it_was_opened_does_not_kill_it(
    site: Site, first: str, desk: Desk
) -> None:
    desk.later(-60)
    assert desk.get(own(site)).status == 200
    desk.later(120)
    assert desk.get(first).status == 200
    desk.log.flush()
    assert Desk(site, moment=desk.moment).get(first).status == 200


def test_using_the_first_link_again_does_not_kill_it(first: str, desk: Desk) -> None:
    assert [desk.get(first).status for _ in range(3)] == [200] * 3
    desk.log.flush()
    assert desk.get(first).status == 200


def test_the_first_link_leads_to_no_other_file(site: Site, first: str, desk: Desk) -> None:
    assert desk.get(own(site).replace(device(site).token, FIRST)).verdict == "file"


# -- limits -------------------------------------------------------------------------------------


def test_the_eleventh_miss_within_a_minute_is_banned_and_a_phone_behind_it_is_not(
    site: Site, desk: Desk
) -> None:
    missed = [desk.get(f"/prov/{n:012x}/a.cfg").verdict for n in range(2, 13)]
    assert missed == ["key"] * 10 + ["limits"]
    assert desk.get(own(site)).status == 200
    assert desk.get(own(site, "Desk02")).verdict == "limits"
    assert desk.get(own(site, "Desk02"), peer="192.0.2.8").status == 200
    desk.later(3_601)
    assert desk.get(own(site, "Desk02")).status == 200


def test_a_phone_that_asks_for_what_it_has_not_got_is_never_banned(site: Site, desk: Desk) -> None:
    for key in (device(site).token, "805ec0000002"):
        for number in range(40):
            assert desk.get(f"/prov/{key}/y{number}.cfg").verdict == "file"
            assert desk.get(f"/prov/{key}/log", method="PUT").verdict == "method"
    assert desk.get(own(site, "Desk02")).status == 200


def test_a_flood_from_a_banned_address_leaves_one_row_a_minute(desk: Desk) -> None:
    for _ in range(1_000):
        desk.get("/")
    rows = [row.verdict for row in desk.rows()]
    assert rows == ["path"] * 10 + ["limits"]


def test_behind_a_trusted_proxy_each_phone_is_counted_by_itself(site: Site, desk: Desk) -> None:
    site.configure(trusted_proxies="127.0.0.1")
    for number in range(20):
        desk.get("/", peer="127.0.0.1", forwarded=(f"192.0.2.{number}",))
    bad = [desk.get("/", peer="127.0.0.1", forwarded=("192.0.2.99",)).verdict for _ in range(11)]
    assert bad == ["path"] * 10 + ["limits"]
    more: dict[str, object] = {"peer": "127.0.0.1", "forwarded_protocol": "https"}
    assert desk.get(own(site, "Desk02"), forwarded=("192.0.2.98",), **more).status == 200
    row = desk.rows()[-1]
    assert (row.address, row.protocol) == ("192.0.2.98", "https")


# -- what is written down -----------------------------------------------------------------------


def test_a_version_is_named_only_when_its_very_bytes_were_sent(site: Site, desk: Desk) -> None:
    desk.get(own(site))
    desk.get(own(site), method="HEAD")
    path = site.publish_root / own(site).replace("/prov/", "http/")
    path.write_bytes(path.read_bytes() + b"# not what is on record\n")
    desk.get(own(site))
    rows = desk.rows()
    assert [row.verdict for row in rows] == ["served"] * 3
    assert [row.version_id for row in rows] == [VERSION, None, None]
    assert [row.sent > 0 for row in rows] == [True, False, True]


def test_a_refused_row_names_the_device_when_its_key_is_known(site: Site, desk: Desk) -> None:
    desk.get("/prov/805ec0000001/805ec0000001.cfg", agent="Yealink\x1b[2J " + "x" * 300)
    (row,) = desk.rows()
    assert (row.device_id, row.verdict, row.status) == (device(site).id, "key", 404)
    assert row.agent.startswith("Yealink?[2J x")
    assert len(row.agent) == 255


def test_a_database_that_cannot_be_read_is_told_to_nobody(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise StoreError("gone")

    def broken(*_: object) -> None:
        raise ZeroDivisionError("0123456789abcdef secret")

    for failure in (refused, broken):
        monkeypatch.setattr(desk.reception.known, "find", failure)
        reply = desk.get("/prov/805ec0000001/a.cfg")
        assert (reply.status, reply.body) == (503, b"try again later\n")
    assert "provision-error gone" in desk.said
    assert "secret" not in "".join(desk.said)


def test_publishing_anew_is_served_at_once(site: Site, desk: Desk) -> None:
    before = desk.get(own(site)).body
    site.save("0027*001", extension_name="Somebody else")
    publish_site(site)
    after = desk.get(own(site)).body
    assert before != after == bytes_of(site, own(site))
