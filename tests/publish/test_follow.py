"""Several publish trees, one for each host, that follow one database."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import postgresql
from tests.cli.helpers import PROJECT
from tests.publish.helpers import files, state
from tests.sites import PHONE, Site, a_site
from tuiprov.data.accounts.viewers import administrator
from tuiprov.data.database import Database
from tuiprov.data.store import Store
from tuiprov.errors import PublishError, Refused
from tuiprov.publish import follow, reconcile
from tuiprov.publish.follow import Follower, Following
from tuiprov.publish.planning import plan_devices
from tuiprov.publish.publishing import publish

ON_BOTH = True
SNOM = PHONE | {
    "manufacturer": "Snom",
    "model": "D765",
    "firmware": "10",
    "mac": "00:04:13:00:00:02",
}


@dataclass(frozen=True)
class Host:
    """A host of the site with a tree of its own."""

    site: Site
    root: Path

    @property
    def files(self) -> dict[str, bytes]:
        return files(self.root) if self.root.exists() else {}

    def publish(self) -> None:
        store = self.site.store
        publish(store, self.site.admin, plan_devices(store, store.device_ids(self.site.admin)))


def a_host(site: Site, name: str) -> Host:
    root = site.directory / name
    store = Store(Database(site.url, publish_root=str(root)))
    with store.database.read() as session:
        return Host(Site(site.directory, store, administrator(session)), root)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = a_site(tmp_path)
    made.add("0027*001", **PHONE)
    made.add("0027*002", **SNOM)
    return made


@pytest.fixture
def here(site: Site) -> Host:
    return a_host(site, "here")


@pytest.fixture
def there(site: Site) -> Host:
    return a_host(site, "there")


def within(seconds: float, is_so: Callable[[], bool]) -> bool:
    """Does it become so in time?"""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


class TestCatchingUp:
    def test_writes_what_another_host_published(self, here: Host, there: Host) -> None:
        here.publish()
        assert there.files == {}
        assert Follower(there.site.store).catch_up() == len(here.files) == 3
        assert there.files == here.files

    def test_later_writes_only_what_is_new(self, here: Host, there: Host) -> None:
        here.publish()
        follower = Follower(there.site.store)
        follower.catch_up()
        here.site.save("0027*001", extension_name="Bob")
        here.publish()
        assert follower.catch_up() == 1
        assert there.files == here.files
        assert follower.catch_up() == 0

    def test_deletes_what_another_host_deleted(self, here: Host, there: Host) -> None:
        here.publish()
        follower = Follower(there.site.store)
        follower.catch_up()
        here.site.save("0027*001", status="disabled")
        here.publish()
        assert follower.catch_up() == 1
        assert there.files == here.files

    def test_deletes_what_was_deleted_while_nobody_followed(self, here: Host, there: Host) -> None:
        here.publish()
        Follower(there.site.store).catch_up()
        here.site.save("0027*001", status="disabled")
        here.publish()
        assert Follower(there.site.store).catch_up() == 1
        assert there.files == here.files

    def test_leaves_strangers_alone(self, here: Host, there: Host) -> None:
        here.publish()
        Follower(there.site.store).catch_up()
        (there.root / "notes.txt").write_text("mine")
        Follower(there.site.store).catch_up()
        assert there.files == {**here.files, "notes.txt": b"mine"}

    def test_what_the_disk_did_not_take_is_written_the_next_time(
        self, here: Host, there: Host, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        here.publish()
        follower = Follower(there.site.store)
        follower.catch_up()
        here.site.save("0027*001", extension_name="Bob")
        here.publish()
        with monkeypatch.context() as patch:
            patch.setattr(reconcile, "put", _no_space)
            with pytest.raises(PublishError):
                follower.catch_up()
        assert follower.catch_up() == 1
        assert there.files == here.files

    def test_makes_a_lost_tree_anew(self, here: Host, there: Host) -> None:
        here.publish()
        Follower(there.site.store).catch_up()
        shutil.rmtree(there.root)
        assert Follower(there.site.store).catch_up() == 3
        assert there.files == here.files


def _no_space(*_arguments: object) -> None:
    raise PublishError("the disk is full")


class TestAHostsOwnRoot:
    def test_is_where_it_publishes_and_others_are_not_touched(
        self, site: Site, here: Host, there: Host
    ) -> None:
        here.publish()
        assert here.files
        assert there.files == {}
        assert not site.publish_root.exists()

    def test_is_not_put_into_the_sites_settings(self, site: Site, here: Host) -> None:
        before = site.publish_root
        here.site.store.set_site(here.site.admin, {"voicemail_number": "*99"})
        assert site.publish_root == before
        assert here.site.publish_root == here.root

    def test_cannot_be_moved_by_the_settings(self, here: Host) -> None:
        with pytest.raises(Refused, match="as its configuration file says"):
            here.site.store.set_site(here.site.admin, {"publish_root": "/srv/other"})

    def test_that_is_behind_makes_no_device_published(self, here: Host, there: Host) -> None:
        """Bob is published here; there, where Alice's file still lies, Alice is saved again: the
        file there is right by chance, and the record is not."""
        here.site.save("0027*001", extension_name="Alice")
        here.publish()
        Follower(there.site.store).catch_up()
        here.site.save("0027*001", extension_name="Bob")
        here.publish()
        there.site.save("0027*001", extension_name="Alice")
        there.publish()
        assert state(there.site) == "stale"
        Follower(there.site.store).catch_up()
        there.publish()
        Follower(here.site.store).catch_up()
        assert state(here.site) == "published"
        assert there.files == here.files
        assert any(b"Alice" in data for data in here.files.values())


class TestFollowing:
    @pytest.fixture
    def following(
        self, there: Host, backend: str, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[list[str]]:
        """What is said while the tree there follows. PostgreSQL has to wake us: nobody looks."""
        monkeypatch.setattr(follow, "ASKED_EVERY", 0.1 if backend == "sqlite" else 600.0)
        monkeypatch.setattr(follow, "_ASKED_ANYWAY", 600.0)
        monkeypatch.setattr(follow, "_TRIED_AGAIN", 0.1)
        said: list[str] = []
        following = Following(there.site.store, said.append)
        thread = threading.Thread(target=following.run, daemon=True)
        thread.start()
        yield said
        following.stop()
        thread.join(10)
        assert not thread.is_alive()

    def test_brings_each_publish_within_seconds(
        self, here: Host, there: Host, following: list[str]
    ) -> None:
        for name in ("Alice", "Bob", "Carol"):
            here.site.save("0027*001", extension_name=name)
            here.publish()
            assert within(10, lambda: there.files == here.files), following

    def test_what_fails_is_told_once_and_made_up_for(
        self,
        here: Host,
        there: Host,
        following: list[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        here.publish()
        assert within(10, lambda: there.files == here.files)
        with monkeypatch.context() as patch:
            patch.setattr(reconcile, "put", _no_space)
            here.site.save("0027*001", extension_name="Bob")
            here.publish()
            assert within(10, lambda: "the disk is full" in following), following
            time.sleep(0.5)
        assert within(10, lambda: there.files == here.files), following
        assert following.count("the disk is full") == 1

    @pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
    def test_a_server_that_comes_back_is_followed_again(
        self, here: Host, there: Host, following: list[str]
    ) -> None:
        here.publish()
        assert within(10, lambda: there.files == here.files)
        with postgresql.stopped(postgresql.server()):
            assert within(10, lambda: any("connection" in line for line in following))
        here.site.save("0027*001", extension_name="Bob")
        here.publish()
        assert within(20, lambda: there.files == here.files), following


class TestTwoWhoPublish:
    def test_at_once_on_their_hosts_end_with_the_same_files(self, here: Host, there: Host) -> None:
        """Each changes a phone of its own and publishes all, again and again, and follows."""
        told: list[str] = []

        def work(host: Host, number: str) -> None:
            follower = Follower(host.site.store)
            try:
                for turn in range(6):
                    host.site.save(number, extension_name=f"Turn {turn}")
                    with contextlib.suppress(PublishError):  # the other one saved meanwhile
                        host.publish()
                    follower.catch_up()
            except BaseException as error:
                told.append(repr(error))
                raise

        threads = [
            threading.Thread(target=work, args=(host, number))
            for host, number in ((here, "0027*001"), (there, "0027*002"))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert told == []
        for host in (here, there):
            Follower(host.site.store).catch_up()
            host.publish()
        for host in (here, there):
            Follower(host.site.store).catch_up()
            assert not reconcile.examine(host.site.store)
        assert here.files == there.files
        assert sum(data.count(b"Turn 5") > 0 for data in here.files.values()) == 2
        assert {state(here.site, number) for number in ("0027*001", "0027*002")} == {"published"}


class TestTheCommand:
    def started(self, there: Host) -> subprocess.Popen[str]:
        config = there.site.directory / "there.toml"
        key = there.site.directory / "site.db.key"
        config.write_text(
            f'db = "{there.site.url}"\nkey = "{key}"\npublish_root = "{there.root}"\n'
        )
        return subprocess.Popen(
            [sys.executable, "-m", "tuiprov", "--config", str(config), "follow"],
            cwd=there.site.directory,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT), "LANG": "C.UTF-8"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def test_one_that_was_killed_amid_its_work_is_made_up_for_by_the_next(
        self, here: Host, there: Host
    ) -> None:
        followers = []
        try:
            for turn in range(6):
                followers.append(self.started(there))
                here.site.save("0027*001", extension_name=f"Turn {turn}")
                here.publish()
                # Some are killed before they begin, some while they write, some when all is done.
                within(1.5, lambda: there.root.exists() and bool(there.files))
                time.sleep(0.05 * turn)
                followers[-1].kill()
                followers[-1].wait(10)
            followers.append(self.started(there))
            assert within(20, lambda: there.files == here.files)
            assert not [name for name in there.files if name.endswith(".tmp")]
            followers[-1].send_signal(signal.SIGTERM)
            said, _ = followers[-1].communicate(timeout=10)
            assert followers[-1].returncode == 0
            assert said.startswith(f"following into {there.root}\n")
        finally:
            for one in followers:
                one.kill()
                one.wait(10)
