"""The PBX's files in a plan: the blocks of extensions that it does not know as they are now.

Blocks of other extensions are taken over from the file on disk as they stand, so that one
extension's change costs one block, whatever the size of the site. A file that is missing, made by
another version or with other settings is made anew from all extensions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

from sqlmodel import Session

import tuiprov.pbx
from tuiprov.data.former_passwords import forget_over, former
from tuiprov.data.history.versions import keep_latest
from tuiprov.data.page import MASK, Page
from tuiprov.data.pbx_rows import (
    accounts_taken_twice,
    forget_known,
    neighbours_at_fixed_ips,
    numbers,
    numbers_of,
    pbx_pages,
    pbx_paths,
    record_known,
    same_versions,
    unknown_to_pbx,
)
from tuiprov.data.settings import site_of
from tuiprov.data.site import PBX_FIELDS, Site
from tuiprov.errors import RenderError
from tuiprov.pbx.blocks import join, split
from tuiprov.pbx.kinds import Pbx, PbxFile, pbx_of
from tuiprov.publish.plan import Asked, Change, Kind, PbxSeen, Plan
from tuiprov.publish.tree import Tree

_SECRET_BEFORE: Final = f"{MASK} (before)"
"""Stands for a secret that changes, so that the change itself is seen."""
_VERSIONS_KEPT: Final = 10
"""Of how many versions of a file the contents are kept: each holds all extensions."""
_MOST_NAMED: Final = 20
"""How many extensions that are left out are named."""


def with_pbx(
    session: Session, made: Plan, tree: Tree, asked: Asked, site: Site | None = None
) -> Plan:
    """A plan with the files that bring the PBX up to date, under the settings `site` (None: those
    that are stored). PublishError when a file on disk cannot be read."""
    site = site or site_of(session)
    pbx = pbx_of(site)
    files = pbx.files(site) if pbx is not None else ()
    wanted = {file.path for file in files}
    left = [path for path in pbx_paths(session) if path not in wanted]
    deletions = tuple(Change("delete", path, None) for path in sorted(left))
    if pbx is None:
        seen = PbxSeen(site) if deletions else None
        return replace(made, changes=(*made.changes, *deletions), pbx=seen)
    making = _Making(session, tree, site, pbx, files, asked)
    return replace(
        made,
        changes=(*made.changes, *making.changes(), *deletions),
        notes=(*made.notes, *making.notes()),
        pbx=making.seen(),
    )


def still_true(session: Session, tree: Tree, seen: PbxSeen) -> bool:
    """Is everything as it was when the PBX's files were planned: settings, extensions, files? The
    caller holds the publisher's lock."""
    now = site_of(session)
    if any(getattr(seen.site, name) != getattr(now, name) for name in PBX_FIELDS):
        return False
    if any(tree.read(path) != data for path, data in seen.before.items()):
        return False
    return same_versions(session, seen.versions)


def record_pbx(session: Session, seen: PbxSeen) -> None:
    """Write down what the PBX's files hold, after they have been put in place."""
    if seen.site.pbx == "none":
        forget_known(session)
    else:
        record_known(session, seen.versions)
        forget_over(session, seen.over)
    for path in seen.before:
        keep_latest(session, path, _VERSIONS_KEPT)


def made_by(site: Site) -> str:
    """What the files are made from besides the extensions: the settings, and this program."""
    settings = "".join(f"{name}={getattr(site, name)}\n" for name in sorted(PBX_FIELDS))
    return settings + _program()


@cache
def _program() -> str:
    """SHA-256 over the code that makes the files: those of another tuiprov are made anew."""
    found = hashlib.sha256()
    for path in sorted(Path(tuiprov.pbx.__file__).parent.glob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()


class _Making:
    """Makes the files of one PBX."""

    def __init__(
        self,
        session: Session,
        tree: Tree,
        site: Site,
        pbx: Pbx,
        files: Sequence[PbxFile],
        asked: Asked,
    ) -> None:
        self._session, self._site, self._pbx, self._files = session, site, pbx, files
        self._asked = asked
        self._made_by = made_by(site)
        self._data = {file.path: tree.read(file.path) for file in files}
        self._before = [self._blocks_on_disk(file) for file in files]
        self._is_whole = any(blocks is None for blocks in self._before)
        self._after: list[dict[str, str]] = [dict(blocks or {}) for blocks in self._before]
        self._versions: dict[int, int] = {}
        self._accounts: dict[int, str] = {}
        self._left_out: list[str] = []
        self._ids = None if asked.ids is None else set(asked.ids)
        self._twice = accounts_taken_twice(session)
        # Before the blocks are made: what is over now is in none of them.
        self._over = former(session).over
        self._shown = {str(page.values["extension"]) for page in asked.pages} | set(asked.gone)
        self._make()

    def notes(self) -> list[str]:
        """Extensions that are left out, and why."""
        words = self._left_out[:_MOST_NAMED]
        if len(self._left_out) > _MOST_NAMED:
            words.append(f"… and {len(self._left_out) - _MOST_NAMED} more extensions left out")
        return words

    def seen(self) -> PbxSeen:
        over = [row for row, number in self._over.items() if number in self._versions]
        return PbxSeen(self._site, self._versions, self._data, self._accounts, over)

    def changes(self) -> Iterator[Change]:
        for number, file in enumerate(self._files):
            data = join(file, self._after[number], self._made_by).encode()
            before = self._data[file.path]
            if data == before:
                continue
            kind: Kind = "write" if before is None else "replace"
            texts = _Texts(
                self._pbx, file, self._before[number] or {}, self._after[number], self._visible()
            )
            yield Change(kind, file.path, None, data, late=texts.both)

    def _visible(self) -> set[str] | None:
        """Numbers of the extensions whose blocks are shown; None: of all."""
        return None if self._ids is None else self._shown

    def _blocks_on_disk(self, file: PbxFile) -> dict[str, str] | None:
        data = self._data[file.path]
        if data is None:
            return None
        return split(file, data.decode(errors="replace"), self._made_by)

    def _make(self) -> None:
        unsaved = {page.extension_id for page in self._asked.pages if page.extension_id}
        gone = set(self._asked.gone)
        self._keep_only(numbers(self._session) - gone)
        for page in pbx_pages(self._session, self._site, self._wanted()):
            if page.extension_id not in unsaved and page.values["extension"] not in gone:
                self._add(page)
                self._versions[page.extension_id or 0] = page.extension_version
        self._take_out(sorted(unsaved))
        for page in self._asked.pages:
            self._add(replace(page, site=self._site))

    def _wanted(self) -> list[int] | None:
        """Ids of the extensions whose blocks are made; None: of all."""
        if self._is_whole:
            return None
        unknown = unknown_to_pbx(self._session) | set(self._over.values())
        wanted = unknown if self._ids is None else unknown & self._ids
        return sorted(wanted | neighbours_at_fixed_ips(self._session))

    def _keep_only(self, known: set[str]) -> None:
        for blocks in self._after:
            for number in blocks.keys() - known:
                del blocks[number]

    def _take_out(self, ids: Sequence[int]) -> None:
        """Leave the blocks of these extensions out, under the numbers that are stored."""
        for number in numbers_of(self._session, ids):
            self._shown.add(number)
            for blocks in self._after:
                blocks.pop(number, None)

    def _add(self, page: Page) -> None:
        number, account = str(page.values["extension"]), self._pbx.account(page)
        if self._ids is not None and page.extension_id in self._ids:
            self._shown.add(number)
        try:
            if self._twice.get(account, number) != number:
                other = self._twice[account]
                raise RenderError(f"its SIP user {account} is that of extension {other}")
            made = self._pbx.blocks(page)
        except RenderError as error:
            self._left_out.append(f"extension {number} is left out of the PBX: {error}")
            made = [""] * len(self._files)
        self._accounts[page.extension_id or 0] = account
        for blocks, text in zip(self._after, made, strict=True):
            if text:
                blocks[number] = text
            else:
                blocks.pop(number, None)


@dataclass(frozen=True, slots=True)
class _Texts:
    """What changes in a file, as it may be shown: only the blocks that differ, secrets masked."""

    pbx: Pbx
    file: PbxFile
    before: Mapping[str, str]
    after: Mapping[str, str]
    visible: set[str] | None

    def both(self) -> tuple[str, str]:
        numbers = sorted(self.before.keys() | self.after.keys())
        differing = [n for n in numbers if self.before.get(n) != self.after.get(n)]
        shown = [n for n in differing if self.visible is None or n in self.visible]
        hidden = len(differing) - len(shown)
        texts = [self._pair(self.before.get(n, ""), self.after.get(n, "")) for n in shown]
        before, after = "\n".join(one for one, _ in texts), "\n".join(two for _, two in texts)
        if hidden:
            after += f"\n({hidden} other extension{'s' if hidden > 1 else ''}, not shown)"
        return before, after

    def _pair(self, before: str, after: str) -> tuple[str, str]:
        changed = _secret_lines(self.pbx, before) != _secret_lines(self.pbx, after)
        sign = _SECRET_BEFORE if changed and after else MASK
        return self.pbx.masked(before, sign), self.pbx.masked(after, MASK)


def _secret_lines(pbx: Pbx, text: str) -> list[str]:
    lines, masked = text.splitlines(), pbx.masked(text, MASK).splitlines()
    return [line for line, other in zip(lines, masked, strict=False) if line != other]
