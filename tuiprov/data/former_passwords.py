"""SIP passwords that were replaced, and that the PBX takes beside the new one until the phone has
fetched it, or their time is over.

A row stands as long as the PBX's files may hold its password; publishing these files without it
drops it (`publish/pbx_files.py`). Which passwords are still taken is asked of the clock and of the
fetch log, so nobody has to be told when a phone comes.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as with_default
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, insert
from sqlmodel import Field, Session, col, func, select

from tuiprov.data.history.versions import in_parts
from tuiprov.data.kept import Fetch, PublishedFile
from tuiprov.data.models import Extension, Line
from tuiprov.data.queries import columns
from tuiprov.data.record import Record
from tuiprov.data.sealing import keys_of
from tuiprov.data.secret_columns import about
from tuiprov.data.settings import site_of

APPLIES_WITHIN: Final = timedelta(minutes=5)
"""So long a phone may still use the old password after it has fetched the new one: some take a new
file only when they are idle."""


class FormerPassword(Record, table=True):
    """A SIP password that an extension had, sealed: when it was replaced, and until when the PBX
    takes it at most (both UTC)."""

    __tablename__ = "former_password"

    id: int | None = Field(default=None, primary_key=True)
    extension_id: int = Field(foreign_key="extension.id", index=True, ondelete="CASCADE")
    password: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Former:
    """Former passwords at one moment. `taken`: extension → those that the PBX takes, the latest
    first; `over`: row → extension of those that it needs to take no more; `last`: when the last
    of those taken ends at the latest."""

    taken: Mapping[int, tuple[str, ...]] = with_default(default_factory=dict)
    over: Mapping[int, int] = with_default(default_factory=dict)
    last: datetime | None = None


def about_former(extension_id: int) -> str:
    """What a former password of this extension is bound to."""
    return about("former_password", str(extension_id), "password")


def keep_former(session: Session, replaced: Mapping[int, str]) -> None:
    """Have the PBX take these replaced passwords (by extension) for as long as the site says. One
    that is the extension's own again is former no more."""
    keys, now = keys_of(session), datetime.now(UTC)
    until = now + timedelta(hours=site_of(session).former_password_hours)
    rows = [
        {
            "extension_id": number,
            "password": keys.seal(password, about_former(number)),
            "since": now,
            "until": until,
        }
        for number, password in replaced.items()
        if password
    ]
    if rows:
        session.execute(insert(FormerPassword), rows)
    _forget_own(session, list(replaced))


def former(session: Session, ids: Collection[int] | None = None) -> Former:
    """The former passwords of these extensions (None: of all) as they are now."""
    rows = list(_rows(session, ids))
    if not rows:
        return Former()
    fetched = _fetches(session, {device_id for *_, device_id in rows if device_id})
    keys, now = keys_of(session), datetime.now(UTC)
    taken: dict[int, tuple[str, ...]] = {}
    over: dict[int, int] = {}
    last: datetime | None = None
    for row, device_id in rows:
        if _is_over(row, fetched.get(device_id or 0, ()), now):
            over[row.id or 0] = row.extension_id
            continue
        password = keys.open(row.password, about_former(row.extension_id))
        known = taken.get(row.extension_id, ())
        if password not in known:
            taken[row.extension_id] = (*known, password)
        last = max(last or _utc(row.until), _utc(row.until))
    return Former(taken, over, last)


def forget_over(session: Session, ids: Collection[int]) -> None:
    """Drop rows (by their own ids) whose passwords the PBX's files hold no more."""
    for some in in_parts(list(ids)):
        session.execute(delete(FormerPassword).where(col(FormerPassword.id).in_(some)))


# -- parts ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _File:
    """One file as a device was last sent it: when, whether it is published so now, and since when
    that is published."""

    at: datetime
    is_current: bool
    published_at: datetime


def _is_over(row: FormerPassword, files: Sequence[_File], now: datetime) -> bool:
    """Is the time over, or has the phone all its files as they are since the password changed, one
    of them made after that? A file published later than the change holds the new password: a plan
    from before it is not applied."""
    since = _utc(row.since)
    if now >= _utc(row.until):
        return True
    came = [one for one in files if one.is_current and one.published_at >= since]
    at = max((one.at for one in came), default=None)
    return at is not None and all(one.is_current for one in files) and at + APPLIES_WITHIN <= now


def _rows(
    session: Session, ids: Collection[int] | None
) -> Iterator[tuple[FormerPassword, int | None]]:
    query = columns(FormerPassword, Line.device_id).outerjoin(
        Line, col(Line.extension_id) == col(FormerPassword.extension_id)
    )
    query = query.order_by(col(FormerPassword.id).desc())
    if ids is None:
        yield from (tuple(row) for row in session.execute(query))
        return
    for some in in_parts(sorted(ids)):
        part = query.where(col(FormerPassword.extension_id).in_(some))
        yield from (tuple(row) for row in session.execute(part))


def _fetches(session: Session, devices: Collection[int]) -> dict[int, list[_File]]:
    """What these devices were last sent of each file that is published now."""
    found: dict[int, list[_File]] = {}
    for some in in_parts(sorted(devices)):
        of_these = col(Fetch.device_id).in_(some)
        newest = select(func.max(Fetch.id)).where(of_these, col(Fetch.version_id).is_not(None))
        newest = newest.group_by(col(Fetch.device_id), Fetch.file)
        query: Any = columns(
            *(Fetch.device_id, Fetch.at, Fetch.version_id),
            *(PublishedFile.version_id, PublishedFile.published_at),
        ).join(PublishedFile, col(PublishedFile.path) == Fetch.file)
        for device_id, at, sent, current, published in session.execute(
            query.where(col(Fetch.id).in_(newest))
        ):
            file = _File(_utc(at), sent == current, _utc(published))
            found.setdefault(device_id, []).append(file)
    return found


def _forget_own(session: Session, ids: Sequence[int]) -> None:
    keys = keys_of(session)
    query = columns(
        *(FormerPassword.id, FormerPassword.extension_id, FormerPassword.password),
        *(Extension.extension, Extension.sip_password),
    ).join(Extension, col(Extension.id) == col(FormerPassword.extension_id))
    own = []
    for some in in_parts(ids):
        part = query.where(col(FormerPassword.extension_id).in_(some))
        for row_id, number, sealed, extension, now in session.execute(part):
            known = keys.open(now, about("extension", extension, "sip_password"))
            if keys.open(sealed, about_former(number)) == known:
                own.append(row_id)
    forget_over(session, own)


def _utc(moment: datetime) -> datetime:
    """SQLite gives moments without their zone back."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
