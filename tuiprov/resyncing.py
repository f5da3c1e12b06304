"""Asking phones to fetch their files again, opened for one viewer: whom, how, and who came.

The site's settings say by which way and how fast; the fetch log says who came.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.permissions import may_ever
from tuiprov.data.resyncs import Asked, ResyncRow, Target
from tuiprov.data.site import SITE_FIELDS, Site
from tuiprov.data.store import Store
from tuiprov.errors import Refusal, Refused
from tuiprov.pbx.notify import COMMAND, Clock, Notice, Told, by_asterisk
from tuiprov.pbx.sip import by_sip

if TYPE_CHECKING:
    from tuiprov.publish.plan import Plan

PATIENCE_SECONDS: Final = 120
"""A phone that has not fetched so long after it was asked is told as not seen: it may be in a call,
or restart first."""
_KEEP_SECONDS: Final = 1.0
"""How often what was done so far is written down."""

_BY: Final = {"asterisk": "Asterisk", "sip": "a SIP message of our own"}

OnAsked = Callable[[Target, str], None]
"""Told of each phone that was asked, and why it could not be."""


def unheard(_target: Target, _problem: str) -> None:
    """For who does not want to know how far it is."""


@dataclass(frozen=True)
class Resyncing:
    """The store, who is looking, and the command that runs Asterisk's console."""

    store: Store
    viewer: Viewer
    command: Sequence[str] = COMMAND

    @property
    def is_on(self) -> bool:
        """Do the settings say how phones are told?"""
        return self.store.site().resync_by != "none"

    def targets(self, device_ids: Sequence[int]) -> list[Target]:
        """Those of these devices that can be asked."""
        return self.store.resyncs.targets(self.viewer, device_ids)

    def matching(self, where: str) -> list[Target]:
        """The devices of the inventory that the filter text matches and that can be asked."""
        return self.targets(list(self.store.devices.ids(self.viewer, where)))

    def after(self, plan: Plan) -> list[Target]:
        """The phones that a plan which was carried out has given new files; none where the
        settings say not at all, or the viewer may not ask."""
        if not (self.is_on and may_ever(self.viewer, "devices.resync")):
            return []
        given = (change for change in plan.changes if change.kind != "delete")
        return self.targets(sorted({number for change in given for number in change.devices}))

    def of(self, device_ids: Sequence[int]) -> Mapping[int, ResyncRow]:
        """When these devices were last asked, and came."""
        return self.store.resyncs.of(self.viewer, device_ids)

    def plan(self, targets: Sequence[Target]) -> str:
        """What asking these phones means, in words. Refused when the settings say not at all."""
        site = self._site()
        seconds = -(-len(targets) // site.resync_per_second)
        phones = f"{len(targets)} phone{'s' if len(targets) != 1 else ''}"
        pace = f"{site.resync_per_second} a second, about {timedelta(seconds=seconds)}"
        return f"{phones} by {_BY.get(site.resync_by, site.resync_by)}, {pace}"

    def ask(
        self, targets: Sequence[Target], on_asked: OnAsked = unheard, clock: Clock = time.monotonic
    ) -> Mapping[int, str]:
        """Ask these phones at the site's pace; gives device → what went wrong, or "". Raises
        Refused when the settings say not at all. What `on_asked` raises ends it; what was done by
        then stands written down."""
        site = self._site()
        self.store.resyncs.begin(self.viewer, len(targets), site.resync_by)
        run = _Run(self, site, {one.device_id: one for one in targets}, on_asked, clock)
        try:
            self._send([_notice(one) for one in targets], site, run.told, clock)
        finally:
            run.keep()
        return run.problems

    def _send(self, notices: Sequence[Notice], site: Site, told: Told, clock: Clock) -> None:
        pace = site.resync_per_second
        if site.resync_by == "asterisk":
            by_asterisk(notices, pace, told, command=self.command, clock=clock)
        else:
            by_sip(notices, pace, told, domain=site.sip_server, clock=clock)

    def _site(self) -> Site:
        site = self.store.site()
        if site.resync_by == "none":
            label = SITE_FIELDS["resync_by"].label
            reason = f"is none: choose in the preferences (F6, {label}) how phones are told"
            raise Refused([Refusal("resync_by", reason)])
        return site


@dataclass
class _Run:
    """Phones being asked: what is not written down yet, and what went wrong."""

    resyncing: Resyncing
    site: Site
    targets: Mapping[int, Target]
    on_asked: OnAsked
    clock: Clock
    problems: dict[int, str] = field(default_factory=dict)
    _waiting: list[Asked] = field(default_factory=list)
    _kept_at: float = 0.0

    def told(self, notice: Notice, sent: float, problem: str) -> None:
        """`sent` is by the clock of the run: a phone may have fetched since."""
        at = datetime.now(UTC) - timedelta(seconds=max(0.0, self.clock() - sent))
        self.problems[notice.device_id] = problem
        self._waiting.append(Asked(notice.device_id, at, problem))
        if self.clock() - self._kept_at >= _KEEP_SECONDS:
            self.keep()
        self.on_asked(self.targets[notice.device_id], problem)

    def keep(self) -> None:
        """Write down what was done since the last time."""
        kept, self._waiting = self._waiting, []
        self._kept_at = self.clock()
        if kept:
            store = self.resyncing.store
            store.resyncs.record(self.resyncing.viewer, kept, self.site.resync_by)


def _notice(target: Target) -> Notice:
    return Notice(
        target.device_id, target.event, target.user, target.user, target.address, target.port
    )
