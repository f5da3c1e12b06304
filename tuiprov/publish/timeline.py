"""A device's files through time: every version with what it changed, and bringing one back.

A version brought back is what the phone fetches until its files are published again: the data stays
as it is, so the device is stale then, and says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.history.archive import VersionRow
from tuiprov.data.history.versions import recorded
from tuiprov.data.page import Phone
from tuiprov.data.store import Store
from tuiprov.errors import NotAllowed, PublishError, RenderError
from tuiprov.publish.masking import Masking
from tuiprov.publish.plan import Change, Plan
from tuiprov.publish.publishing import carry_out, mark_restored
from tuiprov.publish.tree import tree_of
from tuiprov.render.engine import RenderedFile, render
from tuiprov.text import local_time

_UNKNOWN = (
    "(not shown: the device has no file of this name now, so which of its lines are secret cannot "
    "be told)"
)


@dataclass(frozen=True)
class Timeline:
    """The versions of one device's files, the latest first. Texts are masked."""

    store: Store
    viewer: Viewer
    device_id: int
    _texts: dict[int, str] = field(default_factory=dict)

    def versions(self) -> Sequence[VersionRow]:
        """NotFound when the device is out of reach."""
        return self.store.archive.versions(self.viewer, self.device_id)

    def diff(self, version: VersionRow, versions: Sequence[VersionRow]) -> list[str]:
        """What this version changed, `+` or `-` in front; the whole text of a first one."""
        older = [one for one in versions if one.path == version.path and one.id < version.id]
        before = self.text(older[0]) if older else ""
        change = self._change(version, before, self.text(version))
        return change.diff(context=2)

    def text(self, version: VersionRow) -> str:
        """The version's text with asterisks for secrets, "" when the file was deleted."""
        if version.is_gone:
            return ""
        if version.id not in self._texts:
            _, data = self.store.archive.version(self.viewer, version.id)
            self._texts[version.id] = self._masked(version.path, data or b"")
        return self._texts[version.id]

    def plan(self, version: VersionRow) -> Plan:
        """The plan that brings this version back. PublishError when the phone asks for another
        file by now, or gets none."""
        _, data = self.store.archive.version(self.viewer, version.id)
        if data is None:
            raise PublishError("this version is a deletion: disable the device instead")
        with self.store.database.read() as session:
            known = recorded(session, [self.device_id])
        if version.path not in known:
            raise PublishError(
                "the phone fetches another file by now (its link, protocol or model has changed), "
                "or none: this version would never be read"
            )
        now = tree_of(self.store.site()).read(version.path)
        if now == data:
            return Plan()
        before = self._masked(version.path, now) if now is not None else ""
        return Plan((self._change(version, before, self.text(version), data),))

    def restore(self, version: VersionRow, plan: Plan) -> None:
        """Carry the plan of a version out. NotAllowed or PublishError."""
        if not self.viewer.may_provision:
            raise NotAllowed(f"{self.viewer.label} may not provision devices")
        moment = local_time(version.at)
        carry_out(self.store, self.viewer, plan, f"restore of {moment}")
        mark_restored(self.store, [self.device_id], f"holds the version of {moment}")

    def _change(self, version: VersionRow, before: str, after: str, data: bytes = b"") -> Change:
        return Change("replace", version.path, self.device_id, data, before, after)

    def _masked(self, path: str, data: bytes) -> str:
        phone, files = self._now()
        file = next((one for one in files if one.path == path), None)
        name = path.rpartition("/")[2]
        file = file or next((one for one in files if one.name == name), None)
        if phone is None or file is None:
            return _UNKNOWN
        try:
            return Masking(phone).before(file, data)
        except RenderError as error:
            return f"(not shown: {error})"

    def _now(self) -> tuple[Phone | None, list[RenderedFile]]:
        """The phone and its files as they would be made now: they say which lines are secret."""
        phone = next(self.store.phones([self.device_id]), None)
        if phone is None or not phone.lines:
            return None, []
        enabled = {**phone.values, "status": "enabled"}
        phone = replace(phone, values=enabled, first_token="")
        try:
            return phone, render(phone)
        except RenderError:
            return None, []
