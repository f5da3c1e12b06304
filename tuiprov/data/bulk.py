"""One change to many extensions: `tuiprov set FIELD=VALUE… --where FILTER`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from tuiprov.data import history
from tuiprov.data.accounts import Viewer
from tuiprov.data.fields import Field, Value
from tuiprov.data.reading import page_of
from tuiprov.data.sections import FIELDS
from tuiprov.data.store import Store
from tuiprov.data.writer import write_page
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


def set_values(store: Store, viewer: Viewer, values: Mapping[str, Value], where: str) -> int:
    """Store `values` in every extension the filter matches, all or none; gives how many changed.

    Raises NotFound when nothing matches, Refused naming the extension and field of each refusal.
    """
    ids = store.extension_ids(viewer, where)
    if not ids:
        raise NotFound(f"no extension matches {where!r}")
    changed, found = 0, []
    with store.database.write() as session:
        history.record(session, viewer.label, "set", where, " ".join(values))
        for extension_id in ids:
            page = page_of(session, viewer, extension_id)
            if all(page.values[name] == value for name, value in values.items()):
                continue
            try:
                write_page(session, viewer, page, values)
                changed += 1
            except Refused as refused:
                number = str(page.values["extension"])
                found += [replace(refusal, where=number) for refusal in refused.refusals]
        if found:
            raise Refused(found)
    return changed
