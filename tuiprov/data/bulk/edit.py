"""One change to many extensions, as one operation: who may not have it and why, then the write.

Extensions that are alike in all that the rules look at are of one kind, of which one is asked; the
write is one statement for each field. So a hundred thousand cost little more than the database
itself. What hangs on each record alone (a MAC address, a password, a text made from its own
fields) goes the way of a single save, record by record.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlmodel import Session, col, select

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.bulk.kinds import Kinds
from tuiprov.data.bulk.sets import Change, Selection, plain, write_all
from tuiprov.data.bulk.text import Composed
from tuiprov.data.checks import NO_NEIGHBOURS, check_page, must_be_unique
from tuiprov.data.fields import Value, Values
from tuiprov.data.history import events as history
from tuiprov.data.models import Line
from tuiprov.data.page import Page
from tuiprov.data.reading import page_of, pages_of
from tuiprov.data.sections import DEVICE_FIELDS, FIELDS
from tuiprov.data.writer import forbidden, proposed_page, write_page
from tuiprov.errors import Refusal, Refused

OnRecord = Callable[[int], None]
"""Told how many records have been looked at; what it raises ends the work, nothing written."""

TOGETHER: Final = frozenset(
    {
        "media_encryption",
        "dtmf_mode",
        "pbx_connected",
        "ping",
        "allow_reinvite",
        "on_private_network",
        "publishes_state",
        "force_mwi",
        "codecs",
        "allowed_networks",
        "fixed_auth",
        "fixed_port",
        "signaling_transport",
        "equipment_description",
        "max_public_concurrent_calls",
        "allow_virtualization",
        "update_interval",
        "update_protocol",
        "template",
        "mac_based_provisioning",
        "status",
        "notes",
    }
)
"""Fields whose new value the rules judge alike for all extensions of a kind, and from whose change
nothing follows for another field."""

_MOST_PARTS: Final = 500


@dataclass(frozen=True, slots=True)
class Survey:
    """What a change would do: `refused` extensions with the reasons, by id; how many it would
    change and how many have it already."""

    refused: Mapping[int, Sequence[Refusal]] = field(default_factory=dict)
    changed: int = 0
    same: int = 0


@dataclass(frozen=True, slots=True)
class Done:
    """What a change did: how many extensions it changed, whom it left out, the operation's number
    in the history (None: nothing changed), and the devices whose files follow."""

    changed: int = 0
    refused: Mapping[int, Sequence[Refusal]] = field(default_factory=dict)
    event_id: int | None = None
    devices: frozenset[int] = frozenset()


def unheard(_count: int) -> None:
    """For who does not want to know how far it is."""


def survey(
    session: Session,
    viewer: Viewer,
    ids: Collection[int],
    change: Change,
    on_record: OnRecord = unheard,
) -> Survey:
    """What this change would do to these extensions; nothing is written. Who is out of the
    viewer's reach is left out."""
    with Selection(session, viewer, ids, _unlike(change)) as chosen:
        reached = chosen.count_reached()
        sorting = _sort(session, viewer, chosen, change)
        refused = dict(sorting.refused)
        changed = 0
        for count, extension_id in enumerate(sorting.each):
            on_record(count)
            page = page_of(session, viewer, extension_id)
            found, differs = _of_one(session, viewer, page, change, count)
            if found:
                refused[extension_id] = found
            changed += differs and not found
        _leave_out(chosen, change, [*refused, *sorting.each])
        changed += chosen.count()
    return Survey(refused, changed, reached - changed - len(refused))


def apply(
    session: Session,
    viewer: Viewer,
    ids: Collection[int],
    change: Change,
    subject: str = "",
    on_record: OnRecord = unheard,
) -> Done:
    """Make this change to all of these extensions that may have it, as one operation. The rules
    are asked again in this very transaction."""
    event = history.record(session, viewer, "set", subject[:128], " ".join(change))
    session.flush()
    with Selection(session, viewer, ids, _unlike(change)) as chosen:
        sorting = _sort(session, viewer, chosen, change)
        refused = dict(sorting.refused)
        devices: set[int] = set()
        changed = 0
        for count, extension_id in enumerate(sorting.each):
            on_record(count)
            found, device_id, differs = _write_one(session, viewer, extension_id, change, count)
            if found:
                refused[extension_id] = found
            elif differs:
                changed += 1
                devices |= {device_id} if device_id else set()
        _leave_out(chosen, change, [*refused, *sorting.each])
        together = chosen.count()
        if together:
            changed += together
            devices |= chosen.devices()
            write_all(session, chosen, plain(change), event.id or 0)
    session.expire_all()
    if not changed:
        session.delete(event)
        session.flush()
        return Done(0, refused)
    return Done(changed, refused, event.id, frozenset(devices))


def devices_of(session: Session, ids: Sequence[int]) -> list[int]:
    """The devices that these extensions are on."""
    found: set[int] = set()
    for start in range(0, len(ids), _MOST_PARTS):
        some = ids[start : start + _MOST_PARTS]
        found |= set(session.exec(select(Line.device_id).where(col(Line.extension_id).in_(some))))
    return sorted(found)


def refused_as_they_are(session: Session, viewer: Viewer, chosen: Selection) -> list[Refusal]:
    """What is wrong with these extensions as they stand, by their numbers: one of each kind is
    asked, and where that one is wrong all of them."""
    found: list[Refusal] = []
    with Kinds(session, chosen, _ANY) as kinds:
        pages = pages_of(session, viewer, kinds.firsts())
        wrong = [page.extension_id or 0 for page in pages if check_page(page, NO_NEIGHBOURS)]
        numbers = [number for _, number in kinds.members(wrong)]
    for page in pages_of(session, viewer, numbers):
        where = str(page.values["extension"])
        found += [Refusal(one.field, one.reason, where) for one in check_page(page, NO_NEIGHBOURS)]
    return found


_ANY: Final[Change] = {"template": Composed("")}
"""Stands for a change of which nothing is known but that it may be of the template."""


# -- sorting them out -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Sorting:
    """`refused` by the group they are in; `each`: to be looked at one by one."""

    refused: Mapping[int, Sequence[Refusal]]
    each: Sequence[int]


def _sort(session: Session, viewer: Viewer, chosen: Selection, change: Change) -> _Sorting:
    if not is_for_all(change):
        return _Sorting({}, chosen.ids())
    values = plain(change)
    refused: dict[int, Sequence[Refusal]] = {}
    each: list[int] = []
    with Kinds(session, chosen, change) as kinds:
        pages = pages_of(session, viewer, kinds.firsts())
        found = {page.extension_id or 0: _of_kind(viewer, page, values) for page in pages}
        for first, number in kinds.members([first for first, told in found.items() if told != []]):
            told = found[first]
            if told is None:
                each.append(number)
            else:
                refused[number] = told
    return _Sorting(refused, each)


def is_for_all(change: Change) -> bool:
    """Can it be judged by kinds and written by sets, nothing else following from it?"""
    return change.keys() <= TOGETHER and not any(map(_is_composed, change.values()))


def _unlike(change: Change) -> Mapping[str, Value] | None:
    """Who has these values already need not be asked; a text of each one's own has to be made."""
    return plain(change) if is_for_all(change) else None


def _leave_out(chosen: Selection, change: Change, others: Collection[int]) -> None:
    """Leave those that are written together."""
    chosen.leave_out(others)
    if not change.keys().isdisjoint(DEVICE_FIELDS):
        chosen.leave_out_without_device()


def _of_kind(viewer: Viewer, page: Page, values: Mapping[str, Value]) -> list[Refusal] | None:
    """Why none of the kind may have these values, [] when all may; None when each has to be
    looked at: what is wrong is the record's own, or hangs on other records."""
    proposed = page.changed(values)
    found = forbidden(page, values, proposed, viewer)
    if found:
        return found
    if must_be_unique(proposed) and not must_be_unique(page):
        return None
    if "fixed_auth" in values and proposed.values["fixed_ip"]:
        return None
    found = check_page(proposed, NO_NEIGHBOURS)
    return None if any(one.field not in values for one in found) else found


def _of_one(
    session: Session, viewer: Viewer, page: Page, change: Change, place: int
) -> tuple[Sequence[Refusal], bool]:
    """Why this extension may not have the change, and whether it would change at all."""
    try:
        values = values_for(page.values, change, place)
        if all(page.values[name] == value for name, value in values.items()):
            return (), False
        proposed_page(session, viewer, page, values)
    except Refused as refused:
        return refused.refusals, True
    return (), True


def _write_one(
    session: Session, viewer: Viewer, extension_id: int, change: Change, place: int
) -> tuple[Sequence[Refusal], int | None, bool]:
    page = page_of(session, viewer, extension_id)
    try:
        values = values_for(page.values, change, place)
        if all(page.values[name] == value for name, value in values.items()):
            return (), None, False
        with session.begin_nested():
            write_page(session, viewer, page, values)
    except Refused as refused:
        return refused.refusals, None, True
    line = session.exec(select(Line.device_id).where(Line.extension_id == extension_id)).first()
    return (), line, True


def values_for(known: Values, change: Change, place: int) -> dict[str, Value]:
    """The new values of a record with the values `known`, at this place (from 0) among all; Refused
    names each that cannot be composed."""
    values: dict[str, Value] = {}
    found = []
    for name, value in change.items():
        if not isinstance(value, Composed):
            values[name] = value
            continue
        try:
            values[name] = FIELDS[name].parse(value.text_for(known, place))
        except ValueError as error:
            found.append(Refusal(name, str(error)))
    if found:
        raise Refused(found)
    return values


def _is_composed(value: object) -> bool:
    return isinstance(value, Composed)
