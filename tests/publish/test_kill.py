"""`kill -9` amid bulk publishes: no torn file, no lost save, nothing wrong after a reconcile."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest
from sqlmodel import select

from tests.publish.helpers import files
from tests.sites import Site, a_site
from tuiprov.data.accounts.viewers import administrator
from tuiprov.data.database import Database
from tuiprov.data.kept import FileVersion, PublishedFile
from tuiprov.data.site import Site as Settings
from tuiprov.data.store import Store
from tuiprov.publish import placing, publishing
from tuiprov.publish.apply import Putting
from tuiprov.publish.placing import TEMPORARY
from tuiprov.publish.plan import Change
from tuiprov.publish.planning import plan_devices
from tuiprov.publish.publishing import publish
from tuiprov.publish.reconcile import examine, reconcile

PHONES = 40
_LONGEST = {"s": 0.4, "w": 0.08}
"""Seconds from a save to the kill, or from the first file to it: as long as each takes."""
_MODELS = ("Yealink,T46S,84", "Fanvil,X4U,2.12", "Snom,D765,10", "Aastra,6731i,3.3.1")
_PREFIXES = ("80:5E:C0", "0C:38:3E", "00:04:13", "00:08:5D")

Put = Callable[..., None]


def a_fleet(directory: Path) -> Site:
    """40 phones of four families, some by TFTP with a file they share."""
    site = a_site(directory)
    head = "extension,organization,user,use_provisioning,friendly_name,mac,update_protocol"
    lines = [f"{head},manufacturer,model,firmware"]
    for number in range(PHONES):
        kind = number % len(_MODELS)
        protocol = "tftp" if kind == 3 else "https"
        lines.append(
            f"0027*{number + 1:03},Acme Ltd,anna,yes,Desk{number + 1:02},"
            f"{_PREFIXES[kind]}:00:00:{number:02X},{protocol},{_MODELS[kind]}"
        )
    site.import_text("\n".join(lines) + "\n")
    return site


def write_in_place(changes: Sequence[Change], site: Settings) -> None:
    """How one would do it at first: what the harness must find out."""
    for change in changes:
        target = Path(site.publish_root) / change.path
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "wb", buffering=256) as file:
            for start in range(0, len(change.data), 256):
                file.write(change.data[start : start + 256])
                time.sleep(0.0005)  # a kill must be able to meet it on any machine


def _publish_for_ever(url: str, out: int, put: Put | None) -> None:
    """Change a setting that is in every file, publish, and so on; each step that has returned is
    acknowledged with its number."""

    class Told(Putting):
        def __init__(self, site: Settings, changes: Sequence[Change]) -> None:
            super().__init__(site, changes)
            self._do = partial(put, changes, site) if put else super().finish

        def finish(self, on_file: object = None) -> None:
            os.write(out, b"w\n")
            self._do()

    publishing.Putting = Told  # type: ignore[misc]
    store = Store(Database(url))
    with store.database.read() as session:
        viewer = administrator(session)
    number = int(store.site().voicemail_number.strip("*"))
    while True:
        number += 1
        store.set_site(viewer, {"voicemail_number": f"*{number}"})
        os.write(out, f"s{number}\n".encode())
        publish(store, viewer, plan_devices(store, store.device_ids(viewer)))
        os.write(out, f"p{number}\n".encode())


def killed(site: Site, amid: str, after: float, put: Put | None) -> list[str]:
    """What a publisher acknowledged that was killed `after` seconds after its first save (`amid`
    s) or after it began to write (w)."""
    site.database.close()
    inlet, outlet = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(inlet)
            _publish_for_ever(site.url, outlet, put)
        finally:
            os._exit(1)
    os.close(outlet)
    said = ""
    while amid not in said:
        said += os.read(inlet, 64).decode()
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(inlet) as rest:
        return (said + rest.read()).split()


def found_after(site: Site, acknowledged: Sequence[str]) -> Counter[str]:
    """What is wrong right after the kill, and what still is after the reconcile."""
    found: Counter[str] = Counter()
    keys = site.database.keys
    with site.database.read() as session:
        known = set(session.exec(select(FileVersion.path, FileVersion.digest)))
    for path, data in files(site.publish_root).items():
        if TEMPORARY.fullmatch(path.rpartition("/")[2]):
            found["temporary"] += 1
        elif (path, keys.digest(data)) not in known:
            found["torn"] += 1
    saved = max((int(word[1:]) for word in acknowledged if word[0] == "s"), default=0)
    found["lost"] += int(site.store.site().voicemail_number.strip("*")) < saved
    reconcile(site.store)
    with site.database.read() as session:
        desired = {row.path: row.digest for row in session.exec(select(PublishedFile))}
    now = {path: keys.digest(data) for path, data in files(site.publish_root).items()}
    found["wrong after reconcile"] += desired != now
    found["damage after reconcile"] += bool(examine(site.store))
    with site.database.read() as session:
        states = {row.publish_state for row in session.exec(select(publishing.Device))}
    found["left publishing"] += "publishing" in states
    return found


def many_kills(site: Site, count: int, put: Put | None = None) -> Counter[str]:
    chance = random.Random(count)
    found: Counter[str] = Counter()
    for _ in range(count):
        amid = chance.choice("sww")
        acknowledged = killed(site, amid, chance.random() * _LONGEST[amid], put)
        found["published"] += sum(word[0] == "p" for word in acknowledged)
        found += found_after(site, acknowledged)
    return found


@pytest.fixture
def fleet(tmp_path: Path) -> Site:
    site = a_fleet(tmp_path)
    site.configure(voicemail_number="*1000")
    publish(site.store, site.admin, plan_devices(site.store, site.store.device_ids(site.admin)))
    return site


def harmless(found: Counter[str]) -> None:
    told = {name: count for name, count in found.items() if count}
    print(told)
    assert set(told) <= {"published", "temporary"}


def test_no_kill_tears_a_file_or_loses_a_save(fleet: Site) -> None:
    harmless(many_kills(fleet, 25))


def test_nor_does_one_while_processes_beside_are_writing(
    fleet: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "FORKED_FROM", 1)
    harmless(many_kills(fleet, 25))


def test_the_same_kills_find_out_a_writer_that_writes_in_place(fleet: Site) -> None:
    assert many_kills(fleet, 25, write_in_place)["torn"] > 0


@pytest.mark.slow
def test_a_thousand_kills(fleet: Site) -> None:
    harmless(many_kills(fleet, 1000))
