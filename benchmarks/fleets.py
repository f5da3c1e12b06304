"""Sites of many devices, made by SQL in seconds: copies of the demo's phones."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text
from sqlmodel import Session

from tuiprov.data.database import Database
from tuiprov.data.demo import make_demo
from tuiprov.data.secret_columns import seal_rows
from tuiprov.render.engine import fingerprint

_KINDS = 8
"""The demo's first phones: one of each family."""

_COPIES = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
"""


def make_fleet(path: Path, count: int) -> Database:
    """A site with `count` devices, one extension on each, all published as far as the database
    knows; no file is on disk."""
    database = Database(f"sqlite:///{path}")
    make_demo(database, _KINDS)
    with database.write() as session:
        _copy(session, count)
        seal_rows(session)
        session.execute(text("UPDATE device SET publish_state = 'published', status = 'enabled'"))
        session.execute(text("UPDATE system_settings SET rendered_by = :by"), {"by": fingerprint()})
    return database


def _copy(session: Session, count: int) -> None:
    extensions = _names(session, "extension")
    devices = _names(session, "device")
    session.execute(text("DELETE FROM line"))
    session.execute(text(f"DELETE FROM extension WHERE id > {_KINDS}"))
    # Sealed secrets are bound to their row: the copies get clear ones, which are sealed then.
    session.execute(text("UPDATE extension SET sip_password = 'demo12345Pw', use_provisioning = 1"))
    session.execute(text("UPDATE device SET admin_password = ''"))
    values = {
        "id": f"i + {_KINDS}",
        "extension": "substr(extension, 1, 4) || '*' || printf('%07d', i)",
        "sip_username": "substr(extension, 1, 4) || '*' || printf('%07d', i)",
        "password_generation": "'none'",
        "serial": "'fleet' || i",
        "token": "printf('%032x', i)",
        "friendly_name": "'Desk' || printf('%07d', i)",
        "mac": "substr(mac, 1, 9) || printf('%02X:%02X:%02X', i / 65536, i / 256 % 256, i % 256)",
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


def _names(session: Session, table: str) -> list[str]:
    return [row[1] for row in session.execute(text(f"PRAGMA table_info({table})"))]
