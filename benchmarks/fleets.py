"""Sites of many devices, made by SQL: copies of the demo's phones, 100,000 of them in seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from tuiprov.data.accounts.viewers import Viewer, administrator
from tuiprov.data.database import Database
from tuiprov.data.demo import make_demo
from tuiprov.data.sealing import keys_of
from tuiprov.data.secret_columns import about
from tuiprov.data.store import Store
from tuiprov.render.engine import fingerprint

_KINDS = 8
"""The demo's first phones: one of each family."""
_PASSWORD = "demo12345Pw"

_COPIES = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
"""


def open_fleet(place: Path, count: int) -> tuple[Store, Viewer]:
    """A site with `count` devices in the directory `place`, which is made, and its administrator.
    One that is there already is opened as it is."""
    place.mkdir(parents=True, exist_ok=True)
    path = place / "site.db"
    store = Store(Database(f"sqlite:///{path}") if path.exists() else make_fleet(path, count))
    with store.database.read() as session:
        return store, administrator(session)


def make_fleet(path: Path, count: int) -> Database:
    """A site with `count` devices, one extension on each, all published as far as the database
    knows; no file is on disk."""
    database = Database(f"sqlite:///{path}")
    make_demo(database, _KINDS)
    with database.write() as session:
        _copy(session, count)
        session.execute(text("UPDATE system_settings SET rendered_by = :by"), {"by": fingerprint()})
    return database


def _copy(session: Session, count: int) -> None:
    extensions = _names(session, "extension")
    devices = _names(session, "device")
    session.execute(text("DELETE FROM line"))
    session.execute(text(f"DELETE FROM extension WHERE id > {_KINDS}"))
    _add_sealing(session)
    values = {
        "id": f"i + {_KINDS}",
        "extension": "substr(extension, 1, 4) || '*' || printf('%07d', i)",
        "sip_username": "substr(extension, 1, 4) || '*' || printf('%07d', i)",
        "sip_password": "sealed(substr(extension, 1, 4) || '*' || printf('%07d', i))",
        "use_provisioning": "1",
        "password_generation": "'none'",
        "admin_password": "''",
        "serial": "'fleet' || i",
        "token": "printf('%032x', i)",
        "friendly_name": "'Desk' || printf('%07d', i)",
        "mac": "CASE mac WHEN '' THEN '' ELSE substr(mac, 1, 9) || "
        "printf('%02X:%02X:%02X', i / 65536, i / 256 % 256, i % 256) END",
        "status": "'enabled'",
        "publish_state": "'published'",
    }
    for table, names in (("extension", extensions), ("device", devices)):
        chosen = ", ".join(values.get(name, name) for name in names)
        listed = ", ".join(f'"{name}"' for name in names)
        session.execute(
            text(
                f"INSERT INTO {table} ({listed}) {_COPIES} SELECT {chosen} FROM n "
                f"JOIN {table} ON {table}.id = 1 + i % {_KINDS}"
            ),
            {"count": count},
        )
        session.execute(text(f"DELETE FROM {table} WHERE id <= {_KINDS}"))
    session.execute(
        text("INSERT INTO line (device_id, number, extension_id) SELECT id, 1, id FROM device")
    )


def _add_sealing(session: Session) -> None:
    """Give SQL a function `sealed(number)`: the password of the extension with this number. Sealed
    secrets are bound to their row, so each has one of its own."""
    keys = keys_of(session)
    driver: Any = session.connection().connection.driver_connection
    driver.create_function(
        "sealed", 1, lambda number: keys.seal(_PASSWORD, about("extension", number, "sip_password"))
    )


def _names(session: Session, table: str) -> list[str]:
    return [row[1] for row in session.execute(text(f"PRAGMA table_info({table})"))]
