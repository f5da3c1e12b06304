"""Published files as they should be: their contents, kept once by their digest, and every version.

Publishing writes these rows in one transaction before it touches the disk, so that whatever becomes
of the process the database knows what belongs there. Contents are sealed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final, NamedTuple, TypeVar

from sqlalchemy import delete, exists, insert, update
from sqlmodel import Session, col, func, select

from tuiprov.data.among import among
from tuiprov.data.kept import Content, Event, FileVersion, PublishedFile
from tuiprov.data.many import Row, insert_many
from tuiprov.data.postgresql import announce
from tuiprov.data.sealing import keys_of
from tuiprov.errors import StoreError
from tuiprov.processes import beside

GONE: Final = ""
"""The digest of a file that should not be there."""
KEPT: Final = "keep"
"""The action of the event by which a file that lay in the tree already was adopted."""
_VERSION: Final = "path", "device_id", "digest"
_CONTENT: Final = "digest", "sealed", "size"
_AT_ONCE = 500
_SEALED_BESIDE: Final = 1_000
"""From so many contents on processes beside this one pay."""

Item = TypeVar("Item")


class Wanted(NamedTuple):
    """A file as it should be from now on; `data` None: not there at all. A tuple, because those of
    a fleet are made in one go, and a frozen dataclass takes longer."""

    path: str
    device_id: int | None
    data: bytes | None


def want(session: Session, files: Sequence[Wanted], who: str, event_id: int) -> None:
    """Record what should be on disk, each file once, as a new version of its path."""
    if not files:
        return
    keys = keys_of(session)
    digests = [GONE if one.data is None else keys.digest(one.data) for one in files]
    contents = {d: one.data for one, d in zip(files, digests, strict=True) if one.data is not None}
    rows = (
        (one.path[:255], one.device_id, digest) for one, digest in zip(files, digests, strict=True)
    )
    before = newest(session)
    same = {"at": datetime.now(UTC), "who": who[:80], "event_id": event_id}
    insert_many(session, FileVersion, _VERSION, rows, same)
    made = select(FileVersion.digest).where(col(FileVersion.id) > before)
    known = set(session.exec(select(Content.digest).where(col(Content.digest).in_(made))))
    with _sealed(session, contents, known) as sealed:
        _make_current(session, before)
        insert_many(session, Content, _CONTENT, sealed)
    announce(session)


def newest(session: Session) -> int:
    """The id of the newest version of any file, 0 for none. Writers come one after another, so no
    version with a smaller id appears later."""
    return session.exec(select(func.max(FileVersion.id))).one() or 0


def paths_since(session: Session, version_id: int) -> list[str]:
    """The files that have a newer version than this one."""
    query = select(FileVersion.path).where(col(FileVersion.id) > version_id).distinct()
    return list(session.exec(query))


def published_once(session: Session, paths: Sequence[str]) -> set[str]:
    """Those of these paths that have ever been published; not those that lay there before they were
    adopted, and were let go of again."""
    found: dict[str, bool] = {}
    for some in in_parts(paths):
        query = select(FileVersion.path, Event.action).where(col(FileVersion.path).in_(some))
        query = query.outerjoin(Event, col(Event.id) == col(FileVersion.event_id))
        for path, action in session.exec(query.order_by(col(FileVersion.id))):
            found[path] = action != KEPT  # the latest counts
    return {path for path, is_published in found.items() if is_published}


def forget_gone(session: Session, paths: Iterable[str]) -> None:
    """Drop the records of files that are deleted by now; their versions stay."""
    for some in in_parts(list(paths)):
        wanted = delete(PublishedFile).where(col(PublishedFile.path).in_(some))
        session.execute(wanted.where(col(PublishedFile.digest) == GONE))


def keep_latest(session: Session, path: str, count: int) -> None:
    """Drop the contents of all but the latest `count` versions of a file that is large and changes
    often; the versions themselves stay."""
    versions = select(FileVersion.digest).where(col(FileVersion.path) == path)
    latest = session.exec(versions.order_by(col(FileVersion.id).desc()).limit(count)).all()
    kept = {*latest, *session.exec(select(PublishedFile.digest).where(PublishedFile.path == path))}
    for digests in in_parts([one for one in set(session.exec(versions)) if one not in kept]):
        session.execute(delete(Content).where(col(Content.digest).in_(digests)))


def content(session: Session, digest: str) -> bytes:
    """The bytes with this digest; StoreError when they are not kept."""
    row = session.get(Content, digest)
    if row is None:
        raise StoreError(f"the contents {digest[:12]}… are not kept (any more)")
    return keys_of(session).open_bytes(row.sealed, about_content(digest))


def recorded(session: Session, device_ids: Sequence[int] | None = None) -> dict[str, int | None]:
    """The paths on record for these devices (None: for all), shared ones left out; also of files
    that should be gone and of which nobody knows yet whether they are."""
    query = select(PublishedFile.path, PublishedFile.device_id)
    if device_ids is None:
        return dict(session.exec(query.where(col(PublishedFile.device_id).is_not(None))).all())
    found: dict[str, int | None] = {}
    for some in in_parts(list(device_ids)):
        found |= dict(session.exec(query.where(among(PublishedFile.device_id, some))).all())
    return found


def in_parts(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Parts of a long list, as many as one statement bears."""
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]


def keep(session: Session, contents: Mapping[str, bytes]) -> None:
    """Keep these contents, by their digests, as far as they are not kept yet."""
    known: set[str] = set()
    for some in in_parts(list(contents)):
        known.update(session.exec(select(Content.digest).where(col(Content.digest).in_(some))))
    with _sealed(session, contents, known) as sealed:
        insert_many(session, Content, _CONTENT, sealed)


@contextmanager
def _sealed(
    session: Session, contents: Mapping[str, bytes], known: Set[str]
) -> Iterator[Iterator[Row]]:
    """The rows of these contents but for the known ones; many are sealed while the caller does
    something else."""
    keys = keys_of(session)
    # In order, so that many are put beside each other in a page of the table's index.
    new = sorted(digest for digest in contents if digest not in known)

    def seal(digest: str) -> bytes:
        return keys.seal_bytes(contents[digest], about_content(digest))

    with beside(seal, new, least=_SEALED_BESIDE) as sealed:
        yield (
            (digest, one, len(contents[digest])) for digest, one in zip(new, sealed, strict=True)
        )


def about_content(digest: str) -> str:
    """What the contents with this digest are sealed as."""
    return f"content:{digest}:bytes"


def _make_current(session: Session, before: int) -> None:
    """Let the versions after this one be what their paths hold: writers come one after another, so
    all of them are this transaction's."""
    made = col(FileVersion.id) > before
    values = {
        "device_id": FileVersion.device_id,
        "digest": FileVersion.digest,
        "version_id": FileVersion.id,
        "published_at": FileVersion.at,
    }
    same = col(PublishedFile.path) == col(FileVersion.path)
    new = select(FileVersion.path, *values.values()).where(made, ~exists().where(same))
    connection = session.connection()
    connection.execute(update(PublishedFile).where(made, same).values(values))
    connection.execute(insert(PublishedFile).from_select(["path", *values], new))
