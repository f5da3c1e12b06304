"""A device's files through time: one slides through the versions, and may bring one back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from tuiprov.actions import Action
from tuiprov.data.history.archive import VersionRow
from tuiprov.errors import TuiprovError
from tuiprov.screens.base import bindings_of
from tuiprov.screens.plan import PlanScreen
from tuiprov.screens.text_screen import TextScreen
from tuiprov.text import local_time, visible
from tuiprov.widgets.preview import PreviewLine

if TYPE_CHECKING:
    from tuiprov.publish.timeline import Timeline
    from tuiprov.session import Session


class VersionsScreen(TextScreen):
    """One version at a time: what it changed, or its whole text. Answers True after a restore."""

    where = "versions"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("versions")

    def __init__(self, session: Session, device_id: int, name: str) -> None:
        """Raises NotFound when the device is out of reach."""
        super().__init__()
        self._session = session
        self._name = name
        self._timeline: Timeline = session.timeline(device_id)
        self._versions: Sequence[VersionRow] = self._timeline.versions()
        self._at = 0
        self._is_whole = False
        self._is_restored = False

    def on_mount(self) -> None:
        self.title_bar.show([("Versions", "bar--title"), (f"  {visible(self._name)}", "bar--dim")])
        self._changes.focus()
        self._show()

    def action_older(self) -> None:
        self._slide(1)

    def action_newer(self) -> None:
        self._slide(-1)

    def action_whole(self) -> None:
        """The whole text, or what changed."""
        self._is_whole = not self._is_whole
        self._show()

    def action_restore(self) -> None:
        """Show what bringing this version back does, then do it."""
        if not self._versions:
            return
        version = self._versions[self._at]
        try:
            plan = self._timeline.plan(version)
        except TuiprovError as error:
            self.tell("This version cannot be brought back", error)
            return
        if not plan:
            self.show_keys(note="This version is what the phone gets now.")
            return
        screen = PlanScreen(plan, f"{self._name} as of {local_time(version.at)}")
        self.app.push_screen(screen, lambda yes: self._restore(version, screen, bool(yes)))

    def action_leave(self) -> None:
        self.dismiss(self._is_restored)

    def _restore(self, version: VersionRow, screen: PlanScreen, sure: bool) -> None:
        if not sure:
            return
        restore = self._timeline.restore
        self.work_on(
            "Bring it back",
            lambda _: restore(version, screen.plan),
            self._restored,
            "Not brought back",
        )

    def _restored(self, _: None) -> None:
        self._is_restored = True
        self._versions = self._timeline.versions()
        self._at = 0
        self._show("Brought back. The device is stale until its files are published again.")

    def _slide(self, by: int) -> None:
        self._at = min(max(self._at + by, 0), max(len(self._versions) - 1, 0))
        self._show()

    def _show(self, note: str = "") -> None:
        if not self._versions:
            self._summary.show([("This device's files were never published.", "bar--note")])
            self._changes.show([], empty="No version.")
            self.show_keys()
            return
        version = self._versions[self._at]
        self._summary.show(_about(version, len(self._versions) - self._at, len(self._versions)))
        try:
            lines = self._lines(version)
        except TuiprovError as error:
            lines = [PreviewLine(f"! {error}", changed=True)]
        self._changes.show(lines, empty="The same text as the version before.")
        self.show_keys(note=note)

    def _lines(self, version: VersionRow) -> list[PreviewLine]:
        if version.is_gone:
            return [PreviewLine("- the file was deleted", changed=True)]
        if self._is_whole:
            return [PreviewLine(text) for text in self._timeline.text(version).splitlines()]
        diff = self._timeline.diff(version, self._versions)
        return [PreviewLine(text, changed=text[:1] in ("+", "-")) for text in diff]

    def _actions(self) -> list[Action]:
        absent = set() if self._versions else {"restore", "whole_text", "older", "newer"}
        return [action for action in super()._actions() if action.id not in absent]


def _about(version: VersionRow, number: int, count: int) -> list[tuple[str, str]]:
    name = version.path.rpartition("/")[2]
    now = "now  " if version.is_current and not version.is_gone else ""
    why = f"  {version.why}" if version.why else ""
    return [
        (f"{number} of {count}  ", "bar--dim"),
        (now, "bar--note"),
        (visible(name), "bar--title"),
        (visible(f"  {local_time(version.at)}  {version.who}{why}"), ""),
    ]
