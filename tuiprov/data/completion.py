"""Completing a filter while it is typed: which fields there are, and which values one may have.

Pure but for `values_of`, which asks the database for the values that begin with what is typed.
Nothing is proposed that the viewer is not shown, and no secret.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel import Session, col, select

from tuiprov.data.accounts.viewers import Viewer, user_and_organization, within_reach
from tuiprov.data.fields import Choice, Field
from tuiprov.data.filter_words import NEVER, SAVED, comparison, words
from tuiprov.data.filters import (
    AGES,
    OF_DEVICES,
    SEEN,
    STATES,
    VERSIONS,
    begins,
    column_of,
    is_shown,
    log_of,
)
from tuiprov.data.models import Account, Device
from tuiprov.data.queries import joined
from tuiprov.data.row_filters import LISTS, fields_of
from tuiprov.data.sections import DEVICE_FIELDS, FIELDS

MOST: Final = 50
"""So many values are proposed at most."""
_FIRST: Final = (
    *("state", "model", "organization", "user", "status", "firmware", "fetched", "published"),
    *(SEEN, "owner", "serial", "mac", "manufacturer", "extension", "template", "update_protocol"),
)
"""Asked for most, and so proposed first."""
_AGES: Final = (NEVER, "<1h", "<1d", ">1d", ">7d", ">30d")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What can be asked of a list: fields in the order of proposing, the words of those whose
    values are declared, and the fields whose values are in the database."""

    fields: Sequence[str]
    declared: Mapping[str, Sequence[str]]
    recorded: frozenset[str]


@dataclass(frozen=True, slots=True)
class Typed:
    """The word at the end of a filter, as far as it is typed: the text before it, its field with
    the signs around (`-model:`, `firmware:<`), the field, and the beginning of the value. Without
    a field `value` is the beginning of a field's name, or of `@name`."""

    before: str
    signs: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """`text` is the whole filter when it is taken, `rest` what it adds to what is typed."""

    text: str
    rest: str


def vocabulary(viewer: Viewer, list: str) -> Vocabulary:
    """What this viewer may ask of the list."""
    if (log := log_of(list)) is not None:
        return Vocabulary(tuple(log.columns), {}, frozenset(log.columns))
    if list in LISTS:
        asked = fields_of(list, viewer)
        return Vocabulary(tuple(asked), asked, frozenset())
    of_devices = OF_DEVICES if list == "devices" else ()
    known = dict.fromkeys((*_FIRST, *FIELDS))
    can_be = {"state", SEEN, *AGES, *of_devices}
    can_be |= {name for name, field in FIELDS.items() if not field.secret}
    fields = [name for name in known if name in can_be and is_shown(name, viewer)]
    declared = {name: _declared(FIELDS[name]) for name in fields if name in FIELDS}
    declared |= {"state": tuple(STATES[list]), **dict.fromkeys(AGES, _AGES)}
    recorded = {name for name in fields if name in (SEEN, *of_devices) or _is_recorded(name)}
    return Vocabulary(fields, declared, frozenset(recorded))


def _declared(field: Field) -> Sequence[str]:
    if isinstance(field, Choice):
        return tuple(value for value, _ in field.options if value)
    return ("yes", "no") if field.kind == "flag" else ()


def _is_recorded(name: str) -> bool:
    """Are its values those that somebody typed? A MAC has many spellings."""
    field = FIELDS.get(name)
    if field is None or name == "mac" or field.kind in ("number", "flag"):
        return False
    return not _declared(field)


def typed(text: str) -> Typed | None:
    """The word that is being typed at the end of `text`; None: it begins with a blank, or is
    quoted, and nothing can follow from it."""
    found = words(f"{text}\N{FULL BLOCK}")[-1]
    if found.is_quoted:
        return None
    value = found.value.removesuffix("\N{FULL BLOCK}")
    minus = "-" if found.is_denied else ""
    before = text[: found.start]
    if found.name:
        sign = comparison(value)[1] if found.name in VERSIONS else ""
        return Typed(before, f"{minus}{found.name}:{sign}", found.name, value[len(sign) :])
    if value == "-":
        minus, value = "-", ""
    return Typed(before, minus, "", value)


def proposals(at: Typed, known: Vocabulary, recorded: Sequence[str]) -> list[Proposal]:
    """What may follow, the likeliest first. `recorded`: the answer of `values_of`."""
    if at.name and at.name not in known.fields:
        return []
    if not at.name and at.value.startswith(SAVED):
        return [_proposal(at, f"{SAVED}{name}") for name in recorded]
    if not at.name:
        return [_proposal(at, f"{n}:") for n in known.fields if n.startswith(at.value)]
    values = [*known.declared.get(at.name, ()), *recorded]
    start = at.value.lower()
    return [
        _proposal(at, value)
        for value in dict.fromkeys(values)
        if value.lower().startswith(start) and len(value) > len(start) and '"' not in value
    ]


def _proposal(at: Typed, value: str) -> Proposal:
    written = f'"{value}"' if " " in value else value
    return Proposal(f"{at.before}{at.signs}{written}", value[len(at.value) :])


def is_recorded(at: Typed, known: Vocabulary) -> bool:
    """Does the database have to be asked?"""
    return at.name in known.recorded or (not at.name and at.value.startswith(SAVED))


def values_of(session: Session, viewer: Viewer, list: str, at: Typed) -> Sequence[str]:
    """The values within the viewer's reach that begin with what is typed, and the names of saved
    filters."""
    if not at.name:
        from tuiprov.data.views import saved_names

        names = saved_names(session, viewer, list)
        return [name for name in names if name.startswith(at.value[1:])]
    if at.name not in vocabulary(viewer, list).recorded:
        return []
    log = log_of(list)
    if log is not None:
        column = log.texts()[at.name]
        query = log.seen(session, viewer, select(column))
    else:
        column, query = _column(session, viewer, list, at.name)
    query = query.where(begins(column, at.value), column != "").distinct()
    return [str(value) for value in session.execute(query.order_by(column).limit(MOST)).scalars()]


def _column(session: Session, viewer: Viewer, list: str, name: str) -> tuple[Any, Any]:
    """The column of a field's values, and the query for it: of devices within reach, for a list of
    devices, and else of extensions within reach: no other's names. The administrator's are read
    where they are few, without looking at each extension."""
    is_of_device = name in (*DEVICE_FIELDS, *OF_DEVICES, SEEN)
    if is_of_device and (list == "devices" or viewer.is_administrator):
        from tuiprov.data.devices.reach import reach

        column = _column_of_device(name)
        query: Any = select(column).select_from(Device).where(reach(session, viewer))
        return column, _with_its_table(query, name)
    if name in ("organization", "user") and viewer.is_administrator:
        return col(Account.name), select(Account.name).where(Account.kind == name)
    user, organization = user_and_organization()
    column = _column_of_device(name) if name == SEEN else column_of(name, user, organization)
    query = _with_its_table(joined(select(column), user, organization), name)
    return column, query.where(within_reach(viewer, user, organization))


def _column_of_device(name: str) -> Any:
    """The column of what a device has, in a query `_with_its_table`."""
    if name == SEEN:
        from tuiprov.data.kept import FirmwareSeen

        return col(FirmwareSeen.firmware)
    return col(Account.name) if name == "owner" else getattr(Device, name)


def _with_its_table(query: Any, name: str) -> Any:
    """A query on devices, joined with the table that what is asked of one stands in."""
    if name == SEEN:
        from tuiprov.data.kept import FirmwareSeen

        return query.join(FirmwareSeen, col(FirmwareSeen.device_id) == Device.id)
    if name == "owner":
        return query.join(Account, col(Device.owner_id) == Account.id)
    return query
