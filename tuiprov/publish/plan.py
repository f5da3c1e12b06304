"""The plan: which files would be written, replaced and deleted, and what changes in each.

Every save, bulk edit and import ends here; `apply.py` carries a plan out. Planning reads the disk
and changes nothing. A second plan after an apply is empty.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tuiprov.data.page import Phone
from tuiprov.errors import RenderError
from tuiprov.publish.masking import Masking
from tuiprov.publish.tree import Tree
from tuiprov.render.engine import RenderedFile, parse_back, render

Kind = Literal["write", "replace", "delete"]


@dataclass(frozen=True, slots=True)
class Change:
    """One file of a plan. `path` is inside the publish root; `device_id` None: a shared file."""

    kind: Kind
    path: str
    device_id: int | None
    data: bytes = b""
    shown_before: str = ""
    shown_after: str = ""
    """Both texts with their secrets masked."""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def diff(self, context: int = 1) -> list[str]:
        """The changed lines with some context, `+`, `-` or a blank in front; secrets masked."""
        before, after = self.shown_before.splitlines(), self.shown_after.splitlines()
        lines = difflib.unified_diff(before, after, lineterm="", n=context)
        return [line for line in list(lines)[2:] if not line.startswith("@@")]


@dataclass(frozen=True, slots=True)
class Plan:
    """What applying would do. `held`: replacements left out because they were not asked for (saved
    without Regenerate). `settled`: devices whose files are as they should be. `failed`: device →
    why its files cannot be made."""

    changes: tuple[Change, ...] = ()
    held: tuple[Change, ...] = ()
    settled: tuple[int, ...] = ()
    failed: Mapping[int, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.changes)

    def count(self, kind: Kind) -> int:
        return sum(change.kind == kind for change in self.changes)

    def summary(self) -> str:
        """`2 to write, 1 to replace, 0 to delete`, or that there is nothing to do."""
        if not self.changes and not self.failed:
            return "nothing to do: the published files are as they should be"
        kinds: tuple[Kind, ...] = ("write", "replace", "delete")
        return ", ".join(f"{self.count(kind)} to {kind}" for kind in kinds) + self._failures()

    def in_the_past(self) -> str:
        """What has been done: `1 written, 2 replaced`."""
        words = {"write": "written", "replace": "replaced", "delete": "deleted"}
        kinds: tuple[Kind, ...] = ("write", "replace", "delete")
        done = [f"{self.count(kind)} {words[kind]}" for kind in kinds if self.count(kind)]
        return (", ".join(done) or "none changed") + self._failures()

    def _failures(self) -> str:
        count = len(self.failed)
        return f"; {count} phone{'s' if count > 1 else ''} failed" if count else ""


def plan(
    phones: Iterable[Phone],
    recorded: Mapping[str, int | None],
    tree: Tree,
    *,
    regenerate: bool = True,
) -> Plan:
    """The plan that brings the files of `phones` up to date.

    `recorded` maps the paths published so far for these devices to their device. Without
    `regenerate` existing files of enabled devices are left as they are (`held`).
    """
    making = _Making(tree, regenerate)
    for phone in phones:
        making.add(phone)
    making.remove(recorded)
    return making.plan()


class _Making:
    """Collects a plan phone by phone."""

    def __init__(self, tree: Tree, regenerate: bool):
        self._tree = tree
        self._regenerate = regenerate
        self._wanted: dict[str, bytes] = {}
        self._changes: list[Change] = []
        self._held: list[Change] = []
        self._settled: list[int] = []
        self._failed: dict[int, str] = {}

    def add(self, phone: Phone) -> None:
        device_id = phone.device_id or 0
        try:
            files = render(phone) if phone.lines else []
            for file in files:
                parse_back(file)
            changes = [change for file in files for change in self._change(file, phone)]
        except RenderError as error:
            self._failed[device_id] = str(error)
            return
        self._changes += [c for c in changes if c.kind == "write" or self._regenerate]
        self._held += [c for c in changes if c.kind == "replace" and not self._regenerate]
        self._wanted |= {file.path: file.data for file in files}
        if all(c.device_id is None and (self._regenerate or c.kind == "write") for c in changes):
            self._settled.append(device_id)  # its own files are right, and the shared ones will be

    def remove(self, recorded: Mapping[str, int | None]) -> None:
        """Delete what these devices had and no device of this plan wants any more. A device that
        failed keeps its files: nothing is unlinked before its replacement is on disk."""
        for path, device_id in sorted(recorded.items()):
            if device_id is None or device_id in self._failed or path in self._wanted:
                continue
            if self._tree.read(path) is not None:
                self._changes.append(Change("delete", path, device_id))

    def plan(self) -> Plan:
        return Plan(
            tuple(self._changes), tuple(self._held), tuple(self._settled), dict(self._failed)
        )

    def _change(self, file: RenderedFile, phone: Phone) -> list[Change]:
        known = self._wanted.get(file.path)
        if known is not None:
            if known != file.data:
                raise RenderError(f"{file.path}: another device's file has this name already")
            return []
        before = self._tree.read(file.path)
        if before == file.data:
            return []
        masking = Masking(phone)
        shared = file.shared and file.path.startswith("tftp/")
        return [
            Change(
                "write" if before is None else "replace",
                file.path,
                None if shared else phone.device_id,
                file.data,
                masking.before(file, before),
                masking.after(file),
            )
        ]
