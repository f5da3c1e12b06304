"""The fetch log: rows in batches, a bounded queue, trimmed but for the last of each file."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.serve.helpers import wait_until
from tests.sites import Site
from tuiprov.data.kept import Fetch
from tuiprov.errors import StoreError
from tuiprov.serve.fetchlog import FetchLog, Row, line_of

ON_BOTH = True

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MISS = Row(
    at=NOW,
    address="192.0.2.7",
    protocol="https",
    method="GET",
    path="/prov/01234567…/a.cfg",
    agent="Phone 1.0",
    device_id=None,
    file="",
    verdict="key",
    status=404,
    version_id=None,
    sent=10,
)
HIT = replace(MISS, verdict="served", status=200, device_id=1, file="http/key/a.cfg", version_id=4)


@pytest.fixture
def log(site: Site) -> FetchLog:
    return FetchLog(site.database, kept=100, most_waiting=1_000, speak=said.append)


said: list[str] = []


@pytest.fixture(autouse=True)
def _quiet() -> None:
    said.clear()


def verdicts(site: Site) -> list[str]:
    return [row.verdict for row in sorted(site.rows(Fetch), key=lambda row: row.id or 0)]


def test_rows_are_written_soon_by_a_thread(site: Site, log: FetchLog) -> None:
    log.start()
    log.add(HIT)
    wait_until(lambda: verdicts(site) == ["served"])
    log.add(MISS)
    log.stop(2.0)
    assert verdicts(site) == ["served", "key"]


def test_a_row_holds_what_was_seen(site: Site, log: FetchLog) -> None:
    log.add(HIT)
    log.flush()
    (row,) = site.rows(Fetch)
    assert (row.address, row.agent, row.device_id, row.version_id) == (
        "192.0.2.7",
        "Phone 1.0",
        1,
        4,
    )
    assert row.at.replace(tzinfo=UTC) == NOW


def test_too_many_refusals_are_dropped_and_counted_but_not_what_was_served(
    site: Site, log: FetchLog
) -> None:
    for _ in range(1_500):
        log.add(MISS)
    log.add(HIT)
    assert log.dropped == 500
    log.start()
    log.stop(5.0)
    assert verdicts(site) == ["key"] * 1_000 + ["served"]
    assert said == ["fetch log: 500 requests dropped, too many wait to be written"]


def test_rows_wait_while_the_database_takes_none(
    site: Site, log: FetchLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused() -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(site.database, "write", refused)
        log.add(HIT)
        log.start()
        wait_until(lambda: said == ["fetch log: the disk is full"])
    wait_until(lambda: verdicts(site) == ["served"])
    log.stop(2.0)
    assert said == ["fetch log: the disk is full"]


def test_only_the_newest_rows_are_kept(site: Site, log: FetchLog) -> None:
    for number in range(350):
        log.add(replace(MISS, path=f"/{number}"))
    log.flush()
    assert log.trim() == 250
    assert [row.path for row in site.rows(Fetch)] == [f"/{n}" for n in range(250, 350)]


def test_the_last_time_each_file_was_served_is_kept_however_old(site: Site, log: FetchLog) -> None:
    for number in range(3):
        log.add(replace(HIT, at=NOW + timedelta(days=number)))
        log.add(replace(HIT, at=NOW + timedelta(days=number), device_id=2))
        log.add(replace(HIT, at=NOW + timedelta(days=number), file="http/key/b.cfg"))
    for _ in range(200):
        log.add(MISS)
    log.flush()
    log.trim()
    kept = [row for row in site.rows(Fetch) if row.verdict == "served"]
    assert {(row.device_id, row.file) for row in kept} == {
        (1, "http/key/a.cfg"),
        (2, "http/key/a.cfg"),
        (1, "http/key/b.cfg"),
    }
    assert {row.at.day for row in kept} == {3}


def test_the_line_says_what_fail2ban_looks_for() -> None:
    assert line_of(MISS, counts=True) == (
        "provision-miss ip=192.0.2.7 reason=key status=404 protocol=https method=GET "
        "path=/prov/01234567…/a.cfg"
    )
    assert line_of(HIT, counts=False).startswith("provision-hit ip=192.0.2.7 reason=served ")
    assert line_of(MISS, counts=False).startswith("provision-refused ip=192.0.2.7 reason=key ")
