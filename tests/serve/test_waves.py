"""Waves for real: `tuiprov publish --waves` and `tuiprov serve` in processes of their own, and
phones that are asked by SIP and then fetch by HTTP. One of them hears and does not come."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.cli.helpers import PROJECT, Ran, run
from tests.pbx.phones import SipPhone
from tests.pbx.test_resyncing import at
from tests.publish.helpers import files, publish_site
from tests.serve.helpers import Service, own, serving, wait_until
from tests.sites import PHONE, Site, a_site
from tuiprov.data.kept import Fetch
from tuiprov.data.rollouts.tables import RolloutDevice

COUNT = 4
"""Of these the first wave has one."""


class Phone:
    """Fetches its file when it hears a NOTIFY, unless it is broken."""

    def __init__(self, sip: SipPhone, url: str) -> None:
        self.sip, self.url = sip, url
        self.is_broken = False
        self.got: list[bytes] = []

    def fetch(self) -> None:
        answer = httpx.get(self.url, timeout=60)
        assert answer.status_code == 200
        self.got.append(answer.content)

    def live(self, ending: threading.Event) -> None:
        heard = 0
        while not ending.wait(0.02):
            if len(self.sip.heard) > heard:
                heard = len(self.sip.heard)
                if not self.is_broken:
                    self.fetch()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = a_site(tmp_path, resync_by="sip", resync_per_second=500)
    for n in range(1, COUNT + 1):
        mac, name = f"80:5E:C0:00:00:0{n}", f"Desk0{n}"
        phone = PHONE | {"mac": mac, "friendly_name": name, "update_protocol": "http"}
        made.add(f"0027*00{n}", **phone)
    return made


@contextmanager
def phones(site: Site, service: Service) -> Iterator[list[Phone]]:
    """All phones, after each has fetched what is published."""
    ending = threading.Event()
    with ExitStack() as stack:
        made = []
        for n in range(1, COUNT + 1):
            sip = stack.enter_context(SipPhone())
            at(site, f"0027*00{n}", sip.port)
            made.append(Phone(sip, service.http + own(site, f"Desk0{n}")))
        publish_site(site)
        for phone in reversed(made):
            phone.fetch()
        wait_until(lambda: len(site.rows(Fetch)) >= COUNT, 5)
        threads = [threading.Thread(target=one.live, args=(ending,)) for one in made]
        for thread in threads:
            thread.start()
        try:
            yield made
        finally:
            ending.set()
            for thread in threads:
                thread.join(10)


def change_all(site: Site) -> None:
    for n in range(1, COUNT + 1):
        site.save(f"0027*00{n}", extension_name=f"Other {n}")


def waves(site: Site, *arguments: str) -> Ran:
    site.database.close()
    return run("--db", site.url, *arguments, directory=site.directory)


def events(ran: Ran) -> list[str]:
    lines = [json.loads(line) for line in ran.out.splitlines()]
    return [f"{one['wave']} {one['device']} {one['state']}" for one in lines if one["device"]]


def test_all_phones_come_wave_by_wave(site: Site) -> None:
    with serving(site) as service, phones(site, service) as made:
        change_all(site)
        ran = waves(site, "publish", "--waves", "1,2,all", "--wait", "20s", "--yes", "--json")
        assert (ran.code, ran.errors) == (0, [])
        assert [len(one.got) for one in made] == [2] * COUNT
        assert all(b"Other" in one.got[-1] for one in made)
    found = events(ran)
    assert found[:3] == ["1 Desk01 published", "1 Desk01 asked", "1 Desk01 fetched"]
    assert sorted(one for one in found if one.endswith("fetched")) == [
        "1 Desk01 fetched",
        "2 Desk02 fetched",
        "2 Desk03 fetched",
        "3 Desk04 fetched",
    ]


def test_one_that_hears_and_does_not_come_takes_all_back(site: Site) -> None:
    with serving(site) as service, phones(site, service) as made:
        before = files(site.publish_root)
        change_all(site)
        made[2].is_broken = True
        ran = waves(site, "publish", "--waves", "1,2,all", "--wait", "3s", "--yes")
        assert ran.code == 1
        assert ran.errors == ["rolled back: Desk03 did not fetch its new files within 3s"]
        assert files(site.publish_root) == before
        # Those that had the new files are asked again, and have the old ones.
        wait_until(lambda: [len(one.got) for one in made] == [3, 3, 1, 1], 5)
        assert all(one.got[-1] == one.got[0] for one in made)


def test_a_killed_driver_is_taken_over(site: Site) -> None:
    with serving(site) as service, phones(site, service) as made:
        before = files(site.publish_root)
        change_all(site)
        made[0].is_broken = True
        _kill_while_it_waits(site)
        shown = waves(site, "waves")
        assert "running: wave 1 of 2; 1 asked, 3 waiting" in shown.out
        assert (
            "nobody drives these waves: tuiprov waves resume, or tuiprov waves abort" in shown.out
        )
        refused = waves(site, "publish", "--waves", "1,all", "--yes")
        assert refused.code == 1
        assert len(refused.errors) == 1
        assert "are under way (wave 1 of 2)" in refused.errors[0]
        made[0].is_broken = False
        made[0].fetch()
        ran = waves(site, "waves", "resume")
        assert (ran.code, ran.errors) == (0, [])
        assert files(site.publish_root).keys() == before.keys()
        assert all(b"Other" in data for data in files(site.publish_root).values())


def test_a_killed_driver_s_waves_are_rolled_back(site: Site) -> None:
    with serving(site) as service, phones(site, service) as made:
        before = files(site.publish_root)
        change_all(site)
        made[0].is_broken = True
        _kill_while_it_waits(site)
        ran = waves(site, "waves", "abort")
        assert (ran.code, ran.errors) == (0, [])
        assert files(site.publish_root) == before
        assert waves(site, "waves", "abort").errors == ["no waves are under way"]


def test_ctrl_c_leaves_it_to_be_gone_on_with(site: Site) -> None:
    with serving(site) as service, phones(site, service) as made:
        change_all(site)
        made[0].is_broken = True
        process = _driving(site)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
        assert process.returncode == 1
        assert said.decode().splitlines() == [
            "nobody drives these waves any more, what is published stays: tuiprov waves resume "
            "goes on, tuiprov waves abort rolls back"
        ]


def _driving(site: Site) -> subprocess.Popen[bytes]:
    """A driver that waits for the first phone."""
    site.database.close()
    said = site.directory / "driver.txt"
    options = ("publish", "--waves", "1,all", "--wait", "90s", "--yes")
    with said.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tuiprov", "--db", site.url, *options],
            env={"PYTHONPATH": str(PROJECT), "PATH": os.environ["PATH"]},
            stdout=out,
            stderr=subprocess.PIPE,
        )
    try:
        wait_until(lambda: b"Desk01: asked" in said.read_bytes(), 20)
        wait_until(lambda: site.rows(RolloutDevice)[0].state == "asked", 5)
    except BaseException:
        process.kill()
        raise
    return process


def _kill_while_it_waits(site: Site) -> None:
    process = _driving(site)
    process.kill()
    process.communicate(timeout=20)
