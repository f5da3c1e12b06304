"""Many admins at once, each in a process of their own: what one saved no other loses, and who comes
too late is told."""

from __future__ import annotations

import json
import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.sites import PHONE, Site, a_site
from tuiprov.data.accounts.viewers import Viewer, administrator
from tuiprov.data.database import Database
from tuiprov.data.models import Extension
from tuiprov.data.store import Store
from tuiprov.errors import Conflict, Refused

ON_BOTH = True
NUMBERS = [f"0027*{number:03}" for number in range(1, 6)]
COUNTER = "equipment_description"
LONGEST = 600.0
"""Seconds for all of them, on a machine that is busy with other things."""

Work = Callable[[Store, Viewer, int], Mapping[str, int]]


@dataclass(frozen=True)
class Edits:
    """Add one to a number that stands in a text field of one of five extensions, `count` times; a
    conflict is counted, and the page read again."""

    count: int

    def __call__(self, store: Store, viewer: Viewer, admin: int) -> Mapping[str, int]:
        chance, told = random.Random(admin), Counter[str]()
        for _ in range(self.count):
            number = chance.choice(NUMBERS)
            while True:
                page = store.page(viewer, store.find_extension(viewer, number))
                try:
                    count = int(str(page.values[COUNTER]) or 0) + 1
                    store.save(viewer, page, {COUNTER: str(count)})
                except Conflict:
                    told["conflicts"] += 1
                else:
                    told[number] += 1
                    break
        return told


def the_same(values: Mapping[str, Any]) -> Work:
    """Give an extension of one's own these values."""

    def work(store: Store, viewer: Viewer, admin: int) -> Mapping[str, int]:
        page = store.page(viewer, store.find_extension(viewer, NUMBERS[admin]))
        try:
            store.save(viewer, page, values)
        except Refused:
            return {"refused": 1}
        return {"saved": 1}

    return work


def at_once(site: Site, count: int, work: Work) -> Counter[str]:
    """What so many admins were told who all begin at the same moment; one who is told anything else
    than `work` counts ends the test."""
    site.database.close()
    context = multiprocessing.get_context("fork")
    gate = context.Barrier(count)
    answers = [site.directory / f"admin{number}.json" for number in range(count)]

    def admin(number: int) -> None:
        store = Store(Database(site.url))
        with store.database.read() as session:
            viewer = administrator(session)
        gate.wait(60)
        answers[number].write_text(json.dumps(work(store, viewer, number)))

    workers = [context.Process(target=admin, args=(number,)) for number in range(count)]
    deadline = time.monotonic() + LONGEST
    try:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(max(0.0, deadline - time.monotonic()))
        assert [worker.exitcode for worker in workers] == [0] * count
    finally:
        for worker in workers:
            worker.kill()
            worker.join()
    return sum((Counter(json.loads(answer.read_text())) for answer in answers), Counter())


def five(tmp_path: Path) -> Site:
    site = a_site(tmp_path)
    for number in NUMBERS:
        site.add(number)
    return site


def nothing_is_lost(site: Site, admins: int, edits: int) -> Counter[str]:
    """Let them edit; every edit that was acknowledged is in the number and in the row's version."""
    versions = {row.extension: row.version for row in site.rows(Extension)}
    told = at_once(site, admins, Edits(edits))
    rows = {row.extension: row for row in site.rows(Extension)}
    assert sum(told[number] for number in NUMBERS) == admins * edits
    assert {n: int(getattr(rows[n], COUNTER)) for n in NUMBERS} == {n: told[n] for n in NUMBERS}
    assert {n: rows[n].version - versions[n] for n in NUMBERS} == {n: told[n] for n in NUMBERS}
    return told


def test_no_edit_is_lost(tmp_path: Path) -> None:
    nothing_is_lost(five(tmp_path), admins=4, edits=15)


def test_of_five_who_save_one_page_as_they_saw_it_four_are_told(tmp_path: Path) -> None:
    site = five(tmp_path)
    page = site.page(NUMBERS[0])

    def work(store: Store, viewer: Viewer, admin: int) -> Mapping[str, int]:
        try:
            store.save(viewer, page, {COUNTER: f"admin {admin}"})
        except Conflict:
            return {"conflict": 1}
        return {f"admin {admin}": 1}

    told = at_once(site, 5, work)
    assert told.pop("conflict") == 4
    assert list(told) == [site.page(NUMBERS[0]).values[COUNTER]]


@pytest.mark.slow
def test_no_edit_of_eight_admins_is_lost(
    tmp_path: Path, backend: str, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    told = nothing_is_lost(five(tmp_path), admins=8, edits=200)
    took = time.monotonic() - began
    with capsys.disabled():
        print(f"\n{backend}: 1600 edits, 0 lost, {told['conflicts']} conflicts told, {took:.0f} s")
    assert told["conflicts"] > 0


@pytest.mark.parametrize(
    ("values", "saved"),
    [
        ({**PHONE, "mac_based_provisioning": True}, 1),
        ({"fixed_ip": "192.0.2.9", "fixed_auth": "not_required"}, 1),
        ({"fixed_ip": "192.0.2.9", "fixed_auth": "required"}, 5),
    ],
    ids=["one MAC address", "one IP without authentication", "one IP with authentication"],
)
def test_what_only_one_may_have_only_one_gets(
    tmp_path: Path, values: Mapping[str, Any], saved: int
) -> None:
    told = at_once(five(tmp_path).configure(allow_mac_based_provisioning=True), 5, the_same(values))
    assert told == +Counter(saved=saved, refused=5 - saved)
