"""Bringing the disk to what the database says should be there, whatever happened in between.

A process that was killed, a full disk or a stranger's hand leaves files that are not what was
published. Every file on record is compared by its digest, not by a mark in the database: such a
mark lied about thousands of files after a simulated power loss (reference: reliability, finding 5).
`tuiprov doctor --repair` and the start of the terminal program call it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlmodel import col, func, select

from tuiprov.data.devices.enrolment import left_over
from tuiprov.data.history import events as history
from tuiprov.data.history.versions import (
    GONE,
    Wanted,
    content,
    forget_gone,
    in_parts,
    paths_since,
    published_once,
    want,
)
from tuiprov.data.kept import PublishedFile
from tuiprov.data.models import Device
from tuiprov.data.site import Site
from tuiprov.data.store import Store
from tuiprov.errors import TuiprovError
from tuiprov.publish.apply import locked, mode_of, put, remove_temporaries
from tuiprov.publish.placing import TEMPORARY
from tuiprov.publish.plan import Change
from tuiprov.publish.publishing import settle_interrupted
from tuiprov.publish.root import vanished
from tuiprov.publish.tree import tree_of

_MOST_AT_START = 20_000
"""How many files are hashed at a start: a second's work."""


@dataclass(frozen=True, slots=True)
class Damage:
    """What is not as recorded: paths inside the publish root. `strangers` are files that nobody
    published; they are only told."""

    wrong: tuple[str, ...] = ()
    """Missing, or with other bytes or another mode."""
    left: tuple[str, ...] = ()
    """Still there though they should be gone."""
    expired: tuple[str, ...] = ()
    """Behind first links whose enrolment window has closed."""
    temporaries: int = 0
    strangers: tuple[str, ...] = ()
    checked: int = 0

    def __bool__(self) -> bool:
        return bool(self.wrong or self.left or self.expired or self.temporaries)

    def words(self) -> str:
        """`3 wrong, 1 left over, 2 half-written`, or that all is well."""
        counts = (
            (len(self.wrong), "wrong"),
            (len(self.left), "left over"),
            (len(self.expired), "of enrolment windows that have closed"),
            (self.temporaries, "half-written"),
        )
        found = ", ".join(f"{count} {what}" for count, what in counts if count)
        words = found or f"{self.checked} files are as published"
        more = len(self.strangers)
        return f"{words}; {more} that tuiprov did not publish" if more else words


def examine(store: Store) -> Damage:
    """Compare the disk with the record; changes nothing and waits for nobody."""
    site = store.site()
    rows = _recorded(store)
    wrong, left = _compare(store, site, rows)
    temporaries, others = _others(Path(site.publish_root), {row.path for row in rows})
    forgotten, strangers = _told_apart(store, others)
    expired = tuple(_expired(store))
    return Damage(tuple(wrong), (*left, *forgotten), expired, temporaries, strangers, len(rows))


def reconcile(store: Store, *, wait: float = 10.0) -> Damage:
    """Put everything back as recorded, as the only publisher; gives what was wrong. PublishError
    when it cannot be; what could be healed is."""
    site = store.site()
    if not Path(site.publish_root).exists() and not _recorded(store):
        return Damage()
    with locked(site, wait=wait):
        temporaries = remove_temporaries(site)
        expired = _withdraw_expired(store)
        rows = _recorded(store)
        wrong, left = _compare(store, site, rows)
        left = [path for path in left if path not in expired]
        by_path = {row.path: row for row in rows}
        _, others = _others(Path(site.publish_root), set(by_path))
        forgotten, strangers = _told_apart(store, others)
        left += forgotten
        _put_right(store, site, by_path, wrong, [*left, *expired])
        with store.database.write() as session:
            forget_gone(session, [path for path, row in by_path.items() if _is_gone(row)])
        settle_interrupted(store)
    return Damage(tuple(wrong), tuple(left), tuple(expired), temporaries, strangers, len(rows))


def bring_up_to(store: Store, version_id: int, *, wait: float = 10.0) -> int:
    """As `reconcile`, for those files alone that have a newer version than this one; gives how many
    were written or deleted."""
    site = store.site()
    with locked(site, wait=wait):
        with store.database.read() as session:
            paths = paths_since(session, version_id)
            by_path = {
                row.path: row
                for some in in_parts(paths)
                for row in session.exec(select(PublishedFile).where(_at(some)))
            }
        wrong, left = _compare(store, site, list(by_path.values()))
        left += [path for path in paths if path not in by_path and _is_there(site, path)]
        _put_right(store, site, by_path, wrong, left)
    return len(wrong) + len(left)


def at_start(store: Store) -> Damage:
    """What was wrong and has been put back, for the start of a program. A site of very many files
    is only looked at when a publish was broken off there; nobody is waited for, and nothing is
    done where it cannot be."""
    try:
        if vanished(store):
            return Damage()
        with store.database.read() as session:
            files = session.exec(select(func.count()).select_from(PublishedFile)).one()
            broken = select(Device.id).where(Device.publish_state == "publishing").limit(1)
            is_broken = session.exec(broken).first() is not None
        urgent = is_broken or _expired(store)
        if not urgent and (files > _MOST_AT_START or not examine(store)):
            return Damage()
        return reconcile(store, wait=0)
    except TuiprovError:
        return Damage()  # `tuiprov doctor` says what it is


def _expired(store: Store) -> dict[str, int]:
    with store.database.read() as session:
        return left_over(session)


def _withdraw_expired(store: Store) -> dict[str, int]:
    """Record that the files of closed enrolment windows should be gone; gives them. The caller
    takes them from the disk."""
    if not _expired(store):
        return {}
    with store.database.write() as session:
        files = left_over(session)
        told = history.record(session, None, "publish", "enrolment windows closed")
        session.flush()
        want(session, [Wanted(*one, None) for one in files.items()], told.who, told.id or 0)
    return files


def _recorded(store: Store) -> Sequence[PublishedFile]:
    with store.database.read() as session:
        return session.exec(select(PublishedFile).order_by(col(PublishedFile.path))).all()


def _compare(
    store: Store, site: Site, rows: Sequence[PublishedFile]
) -> tuple[list[str], list[str]]:
    """The paths that are wrong, and those that should be gone. A record without a version is of an
    older tuiprov, which kept no contents: what is there counts as right."""
    wrong, left = [], []
    for row in rows:
        data = tree_of(site).read(row.path)
        if row.version_id is None:
            continue
        if _is_gone(row):
            if data is not None:
                left.append(row.path)
        elif data is None or store.database.keys.digest(data) != row.digest or not _mode(site, row):
            wrong.append(row.path)
    return wrong, left


def _at(paths: Sequence[str]) -> Any:
    return col(PublishedFile.path).in_(paths)


def _is_there(site: Site, path: str) -> bool:
    return tree_of(site).read(path) is not None


def _put_right(
    store: Store,
    site: Site,
    by_path: Mapping[str, PublishedFile],
    wrong: Sequence[str],
    left: Sequence[str],
) -> None:
    """Write and delete; the caller holds the lock."""
    for paths in in_parts(wrong):
        put(_again(store, [by_path[path] for path in paths]), site)
    put([Change("delete", path, None) for path in left], site)


def _told_apart(store: Store, paths: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Of files that are not on record: those that were published once and then deleted, by another
    host or before a backup was put back; and those that nobody published."""
    with store.database.read() as session:
        ours = published_once(session, paths)
    return [one for one in paths if one in ours], tuple(one for one in paths if one not in ours)


def _mode(site: Site, row: PublishedFile) -> bool:
    found = os.lstat(Path(site.publish_root) / row.path)
    return stat.S_IMODE(found.st_mode) == mode_of(site, row.path)


def _again(store: Store, rows: Sequence[PublishedFile]) -> list[Change]:
    with store.database.read() as session:
        return [
            Change("replace", row.path, row.device_id, content(session, row.digest)) for row in rows
        ]


def _is_gone(row: PublishedFile) -> bool:
    return row.digest == GONE and row.version_id is not None


def _others(root: Path, known: set[str]) -> tuple[int, list[str]]:
    """How many temporary files there are, and the files that nobody published."""
    temporaries, strangers = 0, []
    for path in _files(root):
        if TEMPORARY.fullmatch(path.rpartition("/")[2]):
            temporaries += 1
        elif path not in known:
            strangers.append(path)
    return temporaries, strangers


def _files(root: Path) -> Iterator[str]:
    for directory, _, names in os.walk(root):
        inside = os.path.relpath(directory, root)
        for name in names:
            yield name if inside == "." else f"{inside}/{name}"
