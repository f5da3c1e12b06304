"""An operation is either not begun, or finished, or offered again; nothing else."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from sqlalchemy import update

from tests.publish.helpers import files
from tests.publish.test_kill import a_fleet
from tests.sites import Site
from tuiprov.bulk import bulk_of
from tuiprov.data.accounts.viewers import administrator
from tuiprov.data.database import Database
from tuiprov.data.kept import PublishedFile
from tuiprov.data.models import Device, Extension
from tuiprov.data.site import Site as Settings
from tuiprov.data.store import Store
from tuiprov.data.together.tables import GONE_SECONDS, Unfinished
from tuiprov.doctor import examine
from tuiprov.errors import PublishError
from tuiprov.publish import publishing
from tuiprov.publish.apply import Putting, locked
from tuiprov.publish.planning import plan_devices
from tuiprov.publish.publishing import publish
from tuiprov.publish.reconcile import at_start
from tuiprov.publish.unfinished import offers, plan_offers
from tuiprov.session import Session

ON_BOTH = True
FILES_SECONDS = 0.15
"""What 40 phones' files take, from the end of the data's transaction."""


@pytest.fixture
def fleet(tmp_path: Path) -> Site:
    """40 phones whose files are published."""
    site = a_fleet(tmp_path)
    publish(site.store, site.admin, plan_devices(site.store, site.store.device_ids(site.admin)))
    return site


def change_all(store: Store, site: Site, words: str) -> str:
    """Give all extensions another value that is in every file."""
    ids = list(store.extension_ids(site.admin))
    bulk = bulk_of(store, site.admin, ids)
    bulk.sheet.edit("dtmf_mode", words)
    return bulk.apply(lambda _: None)


class Broken(Exception):
    """The process ends here."""


def break_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def put(*_: object) -> None:
        raise Broken

    monkeypatch.setattr(Putting, "finish", put)


class TestOffering:
    def test_what_went_to_its_end_is_not_offered(self, fleet: Site) -> None:
        change_all(fleet.store, fleet, "info")
        assert fleet.rows(Unfinished) == []
        assert offers(fleet.store, fleet.admin) == []

    def test_what_was_broken_off_is_offered_with_who_what_and_how_much(
        self, fleet: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        break_off(monkeypatch)
        with pytest.raises(Broken):
            change_all(fleet.store, fleet, "info")
        (offer,) = offers(fleet.store, fleet.admin)
        assert offer.words.startswith("System administrator at ")
        assert "change of DTMF of 40 extensions was stored" in offer.words
        assert "the files of 40 phones are not written" in offer.words

    def test_it_is_finished_by_who_takes_it_up(
        self, fleet: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patch:
            break_off(patch)
            with pytest.raises(Broken):
                change_all(fleet.store, fleet, "info")
        found = offers(fleet.store, fleet.admin)
        publish(fleet.store, fleet.admin, plan_offers(fleet.store, found))
        assert {one.publish_state for one in fleet.rows(Device)} == {"published"}
        assert Session(fleet.store, fleet.admin).unfinished() == []
        assert fleet.rows(Unfinished) == []

    def test_a_conflict_or_a_refusal_leaves_nothing_to_finish(self, fleet: Site) -> None:
        session = Session(fleet.store, fleet.admin)
        draft = session.pages.open(fleet.store.find_extension(fleet.admin, "0027*001"))
        fleet.save("0027*001", notes="theirs")
        draft.edit("notes", "mine")
        with pytest.raises(Exception, match="somebody else"):
            session.pages.save(draft)
        assert fleet.rows(Unfinished) == []

    def test_one_save_whose_files_fail_is_offered_too(
        self, fleet: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> None:
            raise PublishError("no space left on device")

        session = Session(fleet.store, fleet.admin)
        draft = session.pages.open(fleet.store.find_extension(fleet.admin, "0027*001"))
        draft.edit("dtmf_mode", "info")
        draft.turn_regenerate()
        with monkeypatch.context() as patch:
            patch.setattr(Putting, "finish", full)
            with pytest.raises(PublishError):
                session.pages.save(draft)
        (offer,) = session.unfinished()
        assert "change of DTMF of 0027*001" in offer.words
        assert len(offer.devices) == 1

    def test_what_somebody_is_at_is_not_offered(
        self, fleet: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[object] = []
        finish = Putting.finish

        def put(*arguments: object) -> None:
            seen.append(offers(Store(Database(fleet.url)), fleet.admin))
            finish(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(Putting, "finish", put)
        change_all(fleet.store, fleet, "info")
        assert seen == [[]]

    def test_on_another_host_it_is_offered_when_that_says_nothing_any_more(
        self, fleet: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        break_off(monkeypatch)
        with pytest.raises(Broken):
            change_all(fleet.store, fleet, "info")
        now = int(time.time())
        values = {"host": "elsewhere", "process": 1}
        for seen, count in ((now, 0), (now - GONE_SECONDS - 5, 1)):
            with fleet.database.write() as session:
                session.execute(update(Unfinished).values(seen=seen, **values))
            assert len(offers(fleet.store, fleet.admin)) == count

    def test_who_may_not_publish_is_offered_nothing(
        self, fleet: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        break_off(monkeypatch)
        with pytest.raises(Broken):
            change_all(fleet.store, fleet, "info")
        viewer = fleet.viewer("organization", "view")
        assert offers(fleet.store, viewer) == []
        other = fleet.viewer("organization", "modify")
        assert offers(fleet.store, other) == []  # the administrator's is not theirs to finish

    def test_the_removal_of_a_device_is_one_too(
        self, fleet: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        session = Session(fleet.store, fleet.admin)
        device_id = fleet.rows(Device)[0].id or 0
        page = session.inventory.open(device_id).base
        break_off(monkeypatch)
        with pytest.raises(Broken):
            session.inventory.remove(page)
        (offer,) = session.unfinished()
        assert offer.devices == {device_id}
        assert "System administrator at " in offer.words
        assert "removal of device Desk01" in offer.words

    def test_the_doctor_says_it(self, fleet: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        break_off(monkeypatch)
        with pytest.raises(Broken):
            change_all(fleet.store, fleet, "info")
        found = {one.about: one for one in examine(lambda: Database(fleet.url))}
        assert not found["unfinished"].ok
        assert "change of DTMF of 40 extensions" in found["unfinished"].words


# -- kills ----------------------------------------------------------------------------------------


def in_a_process(site: Site, work: Callable[[Store], object]) -> tuple[int, int]:
    """Begin `work` in a process of its own; gives its number, and a pipe on which it tells that
    its data is stored and its files are next."""
    site.database.close()
    inlet, outlet = os.pipe()
    child = os.fork()
    if child == 0:

        def told(settings: Settings) -> AbstractContextManager[None]:
            os.write(outlet, b"w")
            return locked(settings)

        publishing.locked = told  # type: ignore[assignment]
        try:
            work(Store(Database(site.url)))
        finally:
            os._exit(0)
    os.close(outlet)
    return child, inlet


def killed(child: int, after: float, number: int) -> bool:
    """Kill a process after so many seconds; False when it has ended before."""
    until = time.monotonic() + after
    while time.monotonic() < until:
        if os.waitpid(child, os.WNOHANG)[0]:
            return False
        time.sleep(0.002)
    os.kill(child, number)
    os.waitpid(child, 0)
    return True


def outcome(site: Site, wanted: str, before: str) -> str:
    """What became of an operation: `not begun`, `finished` or `offered`; anything else is wrong."""
    stored = {row.dtmf_mode for row in site.rows(Extension)}
    with site.database.read() as session:
        viewer = administrator(session)
    at_start(site.store)
    found = offers(site.store, viewer)
    published = {row.publish_state for row in site.rows(Device)} == {"published"}
    if stored == {before} and not found and published:
        return "not begun"
    if stored == {wanted} and not found and published and site.rows(Unfinished) == []:
        return "finished"
    if stored == {wanted} and len(found) == 1:
        publish(site.store, viewer, plan_offers(site.store, found))
        Session(site.store, viewer).unfinished()
        return "offered"
    if stored == {wanted} and not found and published:
        # Its files were written, and the kill met it before it was taken off the list.
        Session(site.store, viewer).unfinished()
        return "finished"
    return f"wrong: {stored}, {len(found)} offers, published: {published}"


def many_kills(site: Site, count: int, number: int) -> Counter[str]:
    chance, found = random.Random(count), Counter[str]()
    before, took = "rfc2833", 1.0
    for _ in range(count):
        wanted = "info" if before != "info" else "inband"
        began = time.monotonic()
        child, inlet = in_a_process(site, lambda store, to=wanted: change_all(store, site, to))  # type: ignore[misc]
        is_amid_files = chance.random() < 0.5
        if is_amid_files:
            os.read(inlet, 1)
        longest = FILES_SECONDS if is_amid_files else took
        if not killed(child, chance.random() * longest, number):
            took = time.monotonic() - began
        os.close(inlet)
        result = outcome(site, wanted, before)
        found[result] += 1
        before = site.rows(Extension)[0].dtmf_mode
        keys = site.database.keys
        desired = {row.path: row.digest for row in site.rows(PublishedFile)}
        now = {path: keys.digest(data) for path, data in files(site.publish_root).items()}
        found["files are not as recorded"] += desired != now
        found["left on the list"] += len(site.rows(Unfinished))
    return +found


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP], ids=["kill", "hang-up"])
def test_a_killed_operation_is_not_begun_or_finished_or_offered(
    fleet: Site, number: signal.Signals
) -> None:
    found = many_kills(fleet, 5, number)
    assert found.keys() <= {"not begun", "finished", "offered"}, found


@pytest.mark.slow
def test_two_hundred_kills(fleet: Site, backend: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = many_kills(fleet, 200, signal.SIGKILL)
    with capsys.disabled():
        print(f"\n{backend}: {dict(found)}")
    assert found.keys() <= {"not begun", "finished", "offered"}, found
    assert found["offered"] > 10
