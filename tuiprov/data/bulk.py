"""One change to many extensions: `tuiprov set FIELD=VALUE… --where FILTER`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tuiprov.data.accounts import Viewer
from tuiprov.data.fields import Value
from tuiprov.data.sections import FIELDS
from tuiprov.data.store import Store, page_of
from tuiprov.data.writer import write_page
from tuiprov.errors import NotFound, Refusal, Refused


def parse_assignments(words: Iterable[str]) -> dict[str, Value]:
    """`["update_interval=30", "ping=yes"]` as values; Refused names each that is wrong."""
    values: dict[str, Value] = {}
    found: list[Refusal] = []
    for word in words:
        name, equals, text = word.partition("=")
        field = FIELDS.get(name)
        if not equals or field is None:
            reason = "is not a field" if equals else "must be written FIELD=VALUE"
            found.append(Refusal(name, reason))
            continue
        if name in ("extension", "organization", "user"):
            found.append(Refusal(name, "cannot be set for many at once"))
            continue
        try:
            values[name] = field.parse(text)
        except ValueError as error:
            found.append(Refusal(name, str(error)))
    if found:
        raise Refused(found)
    return values


def set_values(store: Store, viewer: Viewer, values: Mapping[str, Value], where: str) -> int:
    """Store `values` in every extension the filter matches, all or none; gives how many changed.

    Raises NotFound when nothing matches, Refused naming the extension and field of each refusal.
    """
    ids = store.extension_ids(viewer, where)
    if not ids:
        raise NotFound(f"no extension matches {where!r}")
    changed, found = 0, []
    with store.database.write() as session:
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
