"""A rollout under a clock that the tests set: while it sleeps, phones do what a test says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlmodel import select

from tests.fetches import a_fetch, log
from tests.sites import PHONE, Site
from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.kept import PublishedFile
from tuiprov.data.models import Device
from tuiprov.data.rollouts.waves import RolloutRow
from tuiprov.data.store import Store
from tuiprov.driving import LOOK_SECONDS, Told
from tuiprov.publish.plan import Plan
from tuiprov.publish.planning import plan_outdated
from tuiprov.publish.publishing import publish
from tuiprov.rollout import Choices, Rollouts

Act = Callable[[], object]


def a_fleet(site: Site, count: int = 3, **values: object) -> Site:
    """So many Yealinks that have their files and fetched them: Desk01, Desk02 …"""
    for number in range(1, count + 1):
        name, mac = f"Desk{number:02}", f"80:5E:C0:00:00:{number:02X}"
        site.add(f"0027*{number:03}", **PHONE | {"friendly_name": name, "mac": mac} | values)
    made = plan_outdated(site.store, site.admin)
    Rolling(site).publish(made)
    for number in range(count, 0, -1):
        fetch(site, f"Desk{number:02}")
    return site


def change(site: Site, *numbers: int) -> None:
    """Something that their files hold changes for these extensions (none: for all)."""
    known = numbers or range(1, len(site.rows(Device)) + 1)
    for number in known:
        page = site.page(f"0027*{number:03}")
        site.save(f"0027*{number:03}", extension_name=f"{page.values['extension_name']}x")


def fetch(site: Site, name: str, at: datetime | None = None, *, version: int | None = None) -> None:
    """This phone is sent all of its files as they are now (or this version of them)."""
    with site.database.read() as session:
        query = select(PublishedFile).join(Device, PublishedFile.device_id == Device.id)  # type: ignore[arg-type]
        files = session.exec(query.where(Device.friendly_name == name)).all()
    for one in files:
        number = version or one.version_id
        log(
            site,
            a_fetch(one.device_id, at=at or datetime.now(UTC), file=one.path, version_id=number),
        )


@dataclass
class Rolling:
    """One admin's rollouts on a site."""

    site: Site
    viewer: Viewer | None = None
    moment: datetime = field(default_factory=lambda: datetime.now(UTC))
    told: list[Told] = field(default_factory=list)
    acts: dict[int, Act] = field(default_factory=dict)
    """What happens after so many seconds."""
    seconds: int = 0
    console: tuple[str, ...] = ("asterisk",)

    def rollouts(self) -> Rollouts:
        store = Store(self.site.database, self.console)
        return Rollouts(store, self.viewer or self.site.admin, lambda: self.moment, self.sleep)

    def sleep(self, seconds: float) -> None:
        self.seconds += round(seconds)
        self.moment += timedelta(seconds=LOOK_SECONDS)
        if act := self.acts.pop(self.seconds, None):
            act()

    def publish(self, plan: Plan) -> None:
        publish(self.site.store, self.site.admin, plan)

    def start(self, sizes: str = "1,all", wait: int = 60, **more: object) -> int:
        rollouts = self.rollouts()
        made = plan_outdated(self.site.store, self.site.admin)
        choices = Choices(sizes, wait, **more)  # type: ignore[arg-type]
        return rollouts.start(made, rollouts.cut(made, choices))

    def drive(self, number: int) -> RolloutRow:
        return self.rollouts().drive(number, self.told.append)

    def run(self, sizes: str = "1,all", wait: int = 60, **more: object) -> RolloutRow:
        return self.drive(self.start(sizes, wait, **more))

    def coming(self, **at: int) -> Rolling:
        """These phones fetch so many seconds after the beginning: `Desk01=5`."""
        for name, seconds in at.items():
            self.acts[seconds] = self._also(self.acts.get(seconds), name)
        return self

    def _also(self, before: Act | None, name: str) -> Act:
        def act() -> None:
            if before is not None:
                before()
            fetch(self.site, name, self.moment)

        return act

    def states(self, number: int) -> dict[str, str]:
        """Device → its state."""
        viewer = self.viewer or self.site.admin
        return {one.name: one.state for one in self.site.store.waves.devices(viewer, number)}

    def words(self) -> list[str]:
        return [f"{one.device} {one.state}".strip() for one in self.told]
