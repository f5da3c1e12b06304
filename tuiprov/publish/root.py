"""The publish root as a whole: is the tree still there, and was a publish broken off in it?

Looked at before anything is written, and by `tuiprov serve` at its start, which needs no more of
publishing than this.
"""

from __future__ import annotations

import stat
from pathlib import Path

from sqlmodel import Session, col, func, select

from tuiprov.data.history.versions import GONE
from tuiprov.data.kept import Event, FieldChange, PublishedFile
from tuiprov.data.models import Device
from tuiprov.data.store import Store
from tuiprov.publish.tree import Tree


def vanished(store: Store) -> str:
    """What to say when the whole tree is gone from the root where it was published; "" when it is
    there. A file system that is not mounted leaves its empty mount point: passwords must not be
    written into that, beside the tree and out of its owner's sight. Nor is the tree put back
    without being asked for."""
    site = store.site()
    if not Tree(Path(site.publish_root)).is_bare():
        return ""
    with store.database.read() as session:
        if not _is_published_here(session):
            return ""
    return (
        f"{site.publish_root}: is empty, although files are published there; mount its file "
        "system, or fill it anew: tuiprov doctor --repair"
    )


def _is_published_here(session: Session) -> bool:
    """Has a publish been finished since the root was set to what it is, and are files on record?"""
    moved = select(func.max(Event.at)).join(FieldChange, col(FieldChange.event_id) == Event.id)
    moved = moved.where(FieldChange.table == "system_settings")
    since = session.exec(moved.where(FieldChange.field == "publish_root")).one()
    done = select(Device.id).where(col(Device.published_at).is_not(None))
    if since is not None:
        done = done.where(col(Device.published_at) > since)
    files = select(PublishedFile.path).where(col(PublishedFile.digest) != GONE)
    return all(session.exec(query.limit(1)).first() is not None for query in (done, files))


def closed_above(root: Path) -> Path | None:
    """The directory above the root that nobody but its owner may go through, as the group of the
    root or as others; None when a server that is in that group gets to the files."""
    group = root.stat().st_gid
    for directory in root.resolve().parents:
        known = directory.stat()
        way = stat.S_IXOTH | (stat.S_IXGRP if known.st_gid == group else 0)
        if not known.st_mode & way:
            return directory
    return None


def doubts(store: Store) -> str:
    """What speaks against the published files being as recorded, as far as a few queries tell; ""
    for nothing. Changes nothing."""
    if problem := vanished(store):
        return problem
    with store.database.read() as session:
        query = select(func.count()).select_from(Device)
        count = session.exec(query.where(Device.publish_state == "publishing")).one()
    if not count:
        return ""
    some = f"{count} devices" if count > 1 else "a device"
    return f"a publish of {some} is going on, or was broken off: tuiprov doctor --repair"
