"""Operations that were stored and whose files are not all written: offered at the next start.

What of an operation is left is not kept in a list of its own, which could lie: it is asked of the
states of its devices, and of the PBX's files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlmodel import col, select

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.history.archive import labels_of
from tuiprov.data.models import Device
from tuiprov.data.permissions import may_ever
from tuiprov.data.store import Store
from tuiprov.data.together.meeting import Said
from tuiprov.data.together.operations import Left
from tuiprov.publish.plan import Asked, Plan
from tuiprov.publish.planning import OnPhone, plan_devices, plan_pbx, unheard
from tuiprov.text import in_words

_MOST_NAMED: Final = 4


@dataclass(frozen=True, slots=True)
class Offer:
    """An operation, the devices whose files are not as it left the data, and the extensions that
    the PBX may not know as they are; `words`: a sentence without its end."""

    event_id: int
    devices: frozenset[int]
    extensions: frozenset[int]
    words: str


def offers(store: Store, viewer: Viewer) -> Sequence[Offer]:
    """What is left of operations that nobody is at any more, for who may finish it."""
    if not may_ever(viewer, "files.publish"):
        return []
    left = store.operations.left(viewer)
    if not left:
        return []
    behind = _behind(store)
    pbx = bool(plan_pbx(store, Asked(None)).changes)
    made = (_offer(one, behind if one.whole else one.devices & behind, pbx) for one in left)
    return [one for one in made if one is not None]


def plan_offers(store: Store, found: Sequence[Offer], on_phone: OnPhone = unheard) -> Plan:
    """The plan that finishes them."""
    devices = {number for one in found for number in one.devices}
    extensions = {number for one in found for number in one.extensions}
    return plan_devices(store, devices, extensions=extensions, on_phone=on_phone)


def forget_done(store: Store, viewer: Viewer, found: Sequence[Offer]) -> None:
    """Take off the list what nothing is left of: all that nobody is at but these."""
    wanted = {one.event_id for one in found}
    left = (one.event.id or 0 for one in store.operations.left(viewer))
    done = [number for number in left if number not in wanted]
    if done:
        store.operations.done(viewer, done)


def _behind(store: Store) -> frozenset[int]:
    query = select(Device.id).where(col(Device.publish_state) != "published")
    with store.database.read() as session:
        return frozenset(number for number in session.exec(query) if number)


def _offer(left: Left, devices: frozenset[int], pbx: bool) -> Offer | None:
    if not devices and not pbx:
        return None
    event = left.event
    labels = labels_of(event.detail)
    more = [f"{len(labels) - _MOST_NAMED} more"] if len(labels) > _MOST_NAMED else []
    fields = in_words([*labels[:_MOST_NAMED], *more], "and")
    subject = event.subject or ("the preferences" if event.action == "settings" else "")
    what = " of ".join(
        word for word in (_NOUNS.get(event.action, "change"), fields, subject) if word
    )
    phones = f"the files of {len(devices):,} phone{'s' if len(devices) != 1 else ''}"
    files = in_words([*([phones] if devices else []), *(["the PBX's files"] if pbx else [])], "and")
    said = Said(event.who, event.at)
    words = f"{said}: {what} was stored; {files} are not written"
    return Offer(event.id or 0, devices, left.extensions, words)


_NOUNS: Final = {
    "undo": "undo",
    "clear": "clearing",
    "enrol": "enrolment",
    "import": "import",
    "remove": "removal",
    "remove extension": "removal",
    "rotate": "password rotation",
}
