"""Where benchmarks run: a small site with its files published, and fleets, all made when asked for
and gone with the run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmarks.fleets import open_fleet
from benchmarks.harness import Effort
from tuiprov.data.accounts.viewers import Viewer, administrator
from tuiprov.data.database import Database
from tuiprov.data.demo import make_demo
from tuiprov.data.store import Store
from tuiprov.publish.planning import plan_devices
from tuiprov.publish.publishing import publish

_DEVICES = 24


@dataclass(frozen=True)
class Ground:
    """`directory` is this run's own."""

    directory: Path
    effort: Effort

    @cached_property
    def site(self) -> Path:
        """The database of a small site. Its phones are published, which is the usual case, and the
        dearer one: the preview compares."""
        path = self.directory / "small" / "site.db"
        path.parent.mkdir()
        database = Database(f"sqlite:///{path}")
        make_demo(database, _DEVICES)
        store = Store(database)
        with database.read() as session:
            viewer = administrator(session)
        publish(store, viewer, plan_devices(store, store.device_ids(viewer)))
        database.close()
        return path

    def fleet(self, part: str, count: int) -> tuple[Store, Viewer]:
        """A site of `count` devices for one part, which may change it as it likes."""
        return open_fleet(self.directory / part / str(count), count)
