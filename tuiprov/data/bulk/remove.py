"""Many extensions removed as one operation: with their lines on devices, which stay.

Rows go in parts of hundreds; the history keeps each whole, so that the operation can be taken back
(`undo.py`). Each may go or not by itself: who is refused stays.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import delete
from sqlmodel import Session, col, select

from tuiprov.data.accounts.viewers import Viewer, user_and_organization, within_reach
from tuiprov.data.history import events as history
from tuiprov.data.history.versions import in_parts
from tuiprov.data.kept import PbxOptions
from tuiprov.data.models import Device, Extension, KeptDraft, Line
from tuiprov.data.permissions import require
from tuiprov.data.queries import columns, joined
from tuiprov.data.writer import outdate
from tuiprov.errors import Refusal

HAS_A_PHONE: Final = "it has a phone, and you may not provision devices"


@dataclass(frozen=True, slots=True)
class Found:
    """What an operation on many would do: `numbers` of those it is done to, by id; why the others
    are refused, by id; the devices whose files follow; `event_id`: its number in the history once
    it is done."""

    numbers: Mapping[int, str] = field(default_factory=dict)
    refused: Mapping[int, Sequence[Refusal]] = field(default_factory=dict)
    devices: frozenset[int] = frozenset()
    event_id: int | None = None


def survey_removal(session: Session, viewer: Viewer, ids: Collection[int]) -> Found:
    """Which of these extensions would go. Who is out of the viewer's reach is left out."""
    require(viewer, "extensions.remove")
    user, organization = user_and_organization()
    query = joined(
        columns(Extension.id, Extension.extension, Line.device_id), user, organization
    ).where(within_reach(viewer, user, organization))
    numbers: dict[int, str] = {}
    refused: dict[int, Sequence[Refusal]] = {}
    devices: set[int] = set()
    for some in in_parts(sorted(set(ids))):
        for number, extension, device_id in session.execute(
            query.where(col(Extension.id).in_(some))
        ):
            if device_id is not None and not viewer.may_provision:
                refused[number] = [Refusal("", HAS_A_PHONE)]
                continue
            numbers[number] = extension
            devices |= {device_id} if device_id is not None else set()
    return Found(numbers, refused, frozenset(devices))


def remove_all(
    session: Session, viewer: Viewer, ids: Collection[int], on_record: Callable[[int], None]
) -> Found:
    """Remove all of these extensions that may be, as one operation; gives who went. What
    `on_record` raises ends it. The devices are stale until their files follow."""
    found = survey_removal(session, viewer, ids)
    if not found.numbers:
        return found
    about, names = in_words(found.numbers)
    event = history.record(session, viewer, "remove extension", about, names)
    session.flush()
    gone = 0
    for some in in_parts(list(found.numbers)):
        on_record(gone)
        _remove(session, some)
        gone += len(some)
    return replace(found, event_id=event.id)


def _remove(session: Session, ids: Sequence[int]) -> None:
    session.execute(delete(KeptDraft).where(col(KeptDraft.extension_id).in_(ids)))
    lines = session.exec(select(Line).where(col(Line.extension_id).in_(ids))).all()
    used = [line.device_id for line in lines]
    for device in session.exec(select(Device).where(col(Device.id).in_(used))):
        outdate(device)
        session.add(device)
    _delete(session, lines)
    _delete(session, session.exec(select(PbxOptions).where(_of(PbxOptions, ids))).all())
    _delete(session, session.exec(select(Extension).where(col(Extension.id).in_(ids))).all())


def _of(model: Any, ids: Sequence[int]) -> Any:
    return col(model.extension_id).in_(ids)


def _delete(session: Session, rows: Sequence[Any]) -> None:
    """A flush for each kind: what hangs on a row goes, and comes back, in order."""
    for row in rows:
        session.delete(row)
    session.flush()


def in_words(numbers: Mapping[int, str]) -> tuple[str, str]:
    """Whom an operation is about, and as many of their numbers as the history has room for."""
    names = sorted(numbers.values())
    return (names[0] if len(names) == 1 else f"{len(names)} extensions"), " ".join(names)[:1024]
