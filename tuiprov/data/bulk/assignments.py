"""One change to many extensions: `tuiprov set FIELD=VALUE… --where FILTER`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from sqlmodel import Session, col

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.bulk.edit import apply
from tuiprov.data.bulk.sets import Change
from tuiprov.data.fields import Field, Value
from tuiprov.data.history.versions import in_parts
from tuiprov.data.models import Extension
from tuiprov.data.queries import columns
from tuiprov.data.sections import FIELDS
from tuiprov.data.store import Store
from tuiprov.data.views import explained
from tuiprov.errors import NotFound, Refusal, Refused

Assigned = dict[str, Value]


_NOT_IN_BULK = ("extension", "organization", "user")


def parse_assignments(
    words: Iterable[str], fields: Mapping[str, Field] = FIELDS, *, also: Collection[str] = ()
) -> Assigned:
    """`["update_interval=30", "ping=yes"]` as values of `fields`; Refused names each that is
    wrong. `also`: fields that are not for many at once, but here for one."""
    values: Assigned = {}
    found: list[Refusal] = []
    for word in words:
        name, equals, text = word.partition("=")
        try:
            values[name] = _assigned(name, equals, text, fields, also)
        except ValueError as error:
            found.append(Refusal(name, str(error)))
    if found:
        raise Refused(found)
    return values


def _assigned(
    name: str, equals: str, text: str, fields: Mapping[str, Field], also: Collection[str]
) -> Value:
    if not equals:
        raise ValueError("must be written FIELD=VALUE")
    if name not in fields:
        raise ValueError("is not a field")
    if name in _NOT_IN_BULK and name not in also:
        raise ValueError("cannot be set for many at once")
    return fields[name].parse(text)


def set_values(store: Store, viewer: Viewer, values: Change, where: str) -> int:
    """Store `values` in every extension the filter matches, all or none; gives how many changed.

    Raises NotFound when nothing matches, Refused naming the extension and field of each refusal.
    """
    ids = store.extension_ids(viewer, where)
    if not ids:
        raise NotFound(f"no extension matches {where!r}")
    with store.database.write() as session:
        about = explained(session, viewer, "extensions", where)
        done = apply(session, viewer, ids, values, about)
        if done.refused:
            raise Refused(named(session, done.refused))
    return done.changed


def named(session: Session, refused: Mapping[int, Sequence[Refusal]]) -> list[Refusal]:
    """The refusals with the numbers of their extensions, in the order of these."""
    numbers: dict[int, str] = {}
    for some in in_parts(list(refused)):
        query = columns(Extension.id, Extension.extension).where(col(Extension.id).in_(some))
        numbers |= dict(iter(session.execute(query)))
    pairs = sorted((numbers.get(n, str(n)), reasons) for n, reasons in refused.items())
    return [replace(one, where=number) for number, reasons in pairs for one in reasons]
