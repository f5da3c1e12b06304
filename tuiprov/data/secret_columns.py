"""Which columns hold secrets, and reading and writing them as they are: sealed.

An extension's secrets are bound to its number, a device's to its serial: both are unique, and who
renames an extension seals its secrets anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy import func, or_, select, update
from sqlmodel import Session

from tuiprov.data.fields import Value
from tuiprov.data.models import Device, Extension
from tuiprov.data.sealing import Keys, keys_of
from tuiprov.data.sections import DEVICE_FIELDS, EXTENSION_FIELDS, FIELDS

SECRETS: Final = frozenset(name for name, field in FIELDS.items() if field.secret)
SECRET_COLUMNS: Final = {
    "extension": tuple(name for name in EXTENSION_FIELDS if name in SECRETS),
    "device": tuple(name for name in DEVICE_FIELDS if name in SECRETS),
    "pbx_options": ("options",),
}
"""Columns by table."""


def about(table: str, row: str, column: str) -> str:
    """What a secret is bound to: the number of an extension or the serial of a device."""
    return f"{table}:{row}:{column}"


def about_draft(viewer: str) -> str:
    """What the texts of a viewer's kept draft are bound to."""
    return about("kept_draft", viewer, "texts")


def identity(row: Any) -> str:
    """What the secrets of a row are bound to; what belongs to an extension: to that one's id."""
    if isinstance(row, Extension):
        return row.extension
    return row.serial if isinstance(row, Device) else str(row.extension_id)


def opened(keys: Keys, table: str, row: str, values: Mapping[str, Value]) -> dict[str, Value]:
    """`values` of a row as they were stored, with its secrets in clear."""
    found = dict(values)
    for name in SECRET_COLUMNS[table]:
        found[name] = keys.open(str(values[name] or ""), about(table, row, name))
    return found


def extension_values(keys: Keys, extension: Extension) -> dict[str, Value]:
    """The page's values of a stored extension."""
    values = {name: getattr(extension, name) for name in EXTENSION_FIELDS}
    return opened(keys, "extension", extension.extension, values)


def device_values(keys: Keys, device: Device) -> dict[str, Value]:
    """The page's values of a stored device."""
    values = {name: getattr(device, name) for name in DEVICE_FIELDS}
    return opened(keys, "device", device.serial, values)


def assign(keys: Keys, row: Extension | Device, values: Mapping[str, Value]) -> None:
    """Give a row the page's values. What does not change is left alone, so that its version only
    moves with it."""
    if isinstance(row, Extension):
        table, names, identity = "extension", EXTENSION_FIELDS, str(values["extension"])
        known = extension_values(keys, row) if row.extension else {}
        moved = bool(row.extension) and row.extension != identity
    else:
        table, names, identity = "device", DEVICE_FIELDS, row.serial
        known, moved = device_values(keys, row), False
    for name, value in _changed(names, known, values, moved):
        sealed = name in SECRETS
        setattr(row, name, keys.seal(str(value), about(table, identity, name)) if sealed else value)


def seal_rows(session: Session, most: int | None = None) -> int:
    """Seal every secret that is not sealed with the key of now, at most `most` rows of each table;
    gives how many rows. What they hold does not change, so their versions stay."""
    session.flush()
    return sum(_seal_table(session, model, row, most) for model, row in _ROWS)


def unsealed(session: Session) -> int:
    """How many rows hold a secret that is not sealed with the key of now."""
    keys = keys_of(session)
    return sum(
        session.execute(
            select(func.count()).select_from(model).where(_stale(keys, model))
        ).scalar_one()
        for model, _ in _ROWS
    )


_ROWS: Final = ((Extension, Extension.extension), (Device, Device.serial))


def _seal_table(session: Session, model: Any, identity: Any, most: int | None) -> int:
    keys, table = keys_of(session), str(model.__tablename__)
    names = SECRET_COLUMNS[table]
    columns: list[Any] = [getattr(model, name) for name in names]
    query: Any = select(model.id, identity, *columns).where(_stale(keys, model)).limit(most)
    rows = session.execute(query).all()
    for row_id, row, *values in rows:
        clear = opened(keys, table, row, dict(zip(names, values, strict=True)))
        sealed = {name: keys.seal(str(clear[name]), about(table, row, name)) for name in names}
        session.execute(update(model).where(model.id == row_id).values(**sealed))
    return len(rows)


def _stale(keys: Keys, model: Any) -> Any:
    columns = [getattr(model, name) for name in SECRET_COLUMNS[str(model.__tablename__)]]
    prefix = f"{keys.current}:"
    return or_(*((column != "") & ~column.startswith(prefix) for column in columns))


def _changed(
    names: tuple[str, ...], known: Mapping[str, Value], values: Mapping[str, Value], moved: bool
) -> Iterator[tuple[str, Value]]:
    for name in names:
        if name in FIELDS and (known.get(name) != values[name] or (moved and name in SECRETS)):
            yield name, values[name]
