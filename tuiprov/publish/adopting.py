"""Taking an Asterisk's configuration over: looking at it, and doing it.

First the extensions with the options kept beside their pages, as one operation; then the PBX's
files with their sections as they stood, recorded like any publish, so that the next plan has
nothing to do; then, beside each file that sections are taken out of, what is left of it. The files
themselves are the admin's to swap.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.pbx_rows import accounts_and_addresses, numbers
from tuiprov.data.permissions import require
from tuiprov.data.site import Site
from tuiprov.data.store import Store
from tuiprov.errors import PublishError, Refusal, Refused
from tuiprov.pbx import chan_sip
from tuiprov.pbx.asterisk import Asterisk
from tuiprov.pbx.blocks import join, split
from tuiprov.pbx.config_reader import Config, read_config
from tuiprov.pbx.inverse import as_stored, of_kind
from tuiprov.pbx.kinds import PbxFile
from tuiprov.pbx.moving import Moved, move, with_include
from tuiprov.pbx.takeover import Adopted, Taken, Takeover, take_over
from tuiprov.publish.pbx_files import made_by
from tuiprov.publish.plan import Change, Kind, PbxSeen, Plan
from tuiprov.publish.publishing import carry_out
from tuiprov.publish.tree import reason, tree_of

BESIDE = ".tuiprov"
"""Behind the name of a file: what is left of it."""


@dataclass(frozen=True, slots=True)
class Look:
    """What taking `path` over would do. `moved` None: its sections are chan_sip's and stay, because
    the pages are written for chan_pjsip."""

    path: Path
    config: Config
    found: Takeover
    site: Site
    moved: Moved | None

    @property
    def beside(self) -> dict[Path, str]:
        """The files that would be written beside the admin's, and their texts."""
        if self.moved is None or not self.found.adopted:
            return {}
        texts = dict(self.moved.rest)
        main = self.path.resolve()
        texts[main] = with_include(texts[main], str(self._ours))
        return {path.with_name(path.name + BESIDE): text for path, text in texts.items()}

    @property
    def _ours(self) -> Path:
        return Path(self.site.publish_root) / Asterisk().files(self.site)[0].path

    @property
    def is_live(self) -> bool:
        """Does Asterisk read our file already, so that it would find the extensions twice?"""
        main = self.path.resolve()
        rest = self.moved.rest[main] if self.moved is not None else ""
        return bool(rest) and with_include(rest, str(self._ours)) == rest

    def swap(self) -> str:
        """The command that puts them in place, once who runs Asterisk can read ours."""
        words = [f"sudo -u asterisk test -r {shlex.quote(str(self._ours))}"]
        for beside in self.beside:
            file = shlex.quote(str(beside).removesuffix(BESIDE))
            words.append(f"cp -p {file} {file}.before")
            words.append(f"mv {shlex.quote(str(beside))} {file}")
        return " && ".join(words)


def look(store: Store, viewer: Viewer, path: Path, root: Path | None = None) -> Look:
    """Read a configuration and say what taking it over would do; nothing is written.
    PbxConfigError: what cannot be read, where."""
    require(viewer, "site.change")
    config = read_config(path, root)
    site = store.site()
    if site.pbx not in ("none", "asterisk"):
        raise Refused([Refusal("pbx", f"is {site.pbx}: this site does not write an Asterisk")])
    with store.database.read() as session:
        users, addresses = accounts_and_addresses(session)
        taken = Taken(numbers(session), users, addresses)
    if of_kind(config, "endpoint"):
        found = take_over(config, site, taken)
        then = site.model_copy(update=found.settings)
        return Look(path, config, found, then, move(config, path, found.adopted, then))
    found = chan_sip.take_over(config, site, taken)
    return Look(path, config, found, site.model_copy(update=found.settings), None)


def check(store: Store, viewer: Viewer, user_id: int, seen: Look) -> None:
    """Refused or PublishError: why it cannot be done."""
    _refuse(store, seen)
    _write(store, viewer, user_id, seen, dry_run=True)


def _refuse(store: Store, seen: Look) -> None:
    if store.site().pbx_reload and seen.moved is not None:
        why = "turn it off until the files are swapped: a reload before that would find them twice"
        raise Refused([Refusal("pbx_reload", why)])
    for path in seen.beside:
        if path.exists():
            raise PublishError(f"{path} is there already: swap it in or remove it first")
        if not os.access(path.parent, os.W_OK):
            raise PublishError(f"{path.parent}: you may not write here")
        for place, pattern in seen.config.included:
            if fnmatch(str(path), pattern):
                said = f"includes every file of {path.parent}, those beside yours too: name *.conf"
                raise PublishError(f"{place}: {said}")


def adopt(store: Store, viewer: Viewer, user_id: int, seen: Look) -> list[Path]:
    """Do what was looked at, all or nothing; gives the files written beside the admin's."""
    _refuse(store, seen)
    before = dict(_blocks(store, seen.site)) if seen.moved is not None else {}
    rows = _write(store, viewer, user_id, seen)
    if seen.moved is None:
        return []
    made = _plan(store, seen, before, rows)
    carry_out(store, viewer, made, why=f"adopted from {seen.path.name}")
    for path, text in seen.beside.items():
        _put_beside(path, text)
    return list(seen.beside)


def _write(
    store: Store, viewer: Viewer, user_id: int, seen: Look, *, dry_run: bool = False
) -> dict[str, tuple[int, int]]:
    pages = [(as_stored(one.values), one.own) for one in seen.found.adopted]
    source = seen.path.name
    settings = seen.found.settings
    return store.extensions.adopt(viewer, user_id, pages, settings, source, dry_run=dry_run)


def _blocks(store: Store, site: Site) -> Iterator[tuple[str, dict[str, str]]]:
    """By path the blocks that the PBX's files hold now."""
    is_first = store.site().pbx == "none"
    tree = tree_of(site)
    for file in Asterisk().files(site):
        data = tree.read(file.path)
        if data is None or is_first:
            yield file.path, {}
            continue
        blocks = split(file, data.decode(errors="replace"), made_by(site))
        if blocks is None:
            raise PublishError(
                f"{file.name} is not as it should be; publish first: tuiprov publish"
            )
        yield file.path, blocks


def _plan(
    store: Store,
    seen: Look,
    before: Mapping[str, Mapping[str, str]],
    rows: Mapping[str, tuple[int, int]],
) -> Plan:
    """The plan that puts the sections into our files as they stood."""
    site = store.site()
    tree, made = tree_of(site), made_by(site)
    files = Asterisk().files(site)
    data = {file.path: tree.read(file.path) for file in files}
    changes = []
    for number, file in enumerate(files):
        blocks = dict(before[file.path])
        for one in seen.found.adopted:
            blocks[one.number] = _block(one, number, seen, site)
        text = join(file, blocks, made)
        kind: Kind = "write" if data[file.path] is None else "replace"
        shown = _Shown(file, before[file.path], blocks)
        changes.append(Change(kind, file.path, None, text.encode(), late=shown))
    versions = dict(rows.values())
    return Plan(tuple(changes), pbx=PbxSeen(site, versions, data))


def _block(one: Adopted, number: int, seen: Look, site: Site) -> str:
    if number == 0 and seen.moved is not None:
        return seen.moved.blocks[one.number]
    return str(Asterisk().blocks(one.page(site))[number])


@dataclass(frozen=True, slots=True)
class _Shown:
    """The texts of a change with their secrets masked."""

    file: PbxFile
    before: Mapping[str, str]
    after: Mapping[str, str]

    def __call__(self) -> tuple[str, str]:
        from tuiprov.data.page import MASK

        texts = (join(self.file, blocks, "") for blocks in (self.before, self.after))
        before, after = (Asterisk().masked(text, MASK) for text in texts)
        return before, after


def _put_beside(path: Path, text: str) -> None:
    """Write a file with owner, group and mode of the one it is for; PublishError."""
    original = path.with_name(path.name.removesuffix(BESIDE))
    try:
        known = os.stat(original)
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            with suppress(PermissionError):
                os.fchown(handle, known.st_uid, known.st_gid)
            os.fchmod(handle, known.st_mode & 0o777)
            file.flush()
            os.fsync(handle)
    except OSError as error:
        raise PublishError(f"{path}: {reason(error)}") from None
