"""Making a site: the schema, the system administrator, one provider, the settings."""

from __future__ import annotations

from pathlib import Path

from sqlmodel import Session, col, select

from tuiprov.data.database import Database
from tuiprov.data.models import PROVIDER, SYSTEM, Account
from tuiprov.data.secret_columns import seal_rows
from tuiprov.data.settings import SystemSettings
from tuiprov.errors import Refusal, Refused

_PROVIDER_NAME = "Provider"
_FIRST_SEALED = "0003"
"""The schema from which on secrets are sealed."""


def found_site(database: Database, publish_root: str = "") -> bool:
    """Make the site in `database`, or upgrade the schema of the one there; True when it is new.

    `publish_root` starts as `publish/` beside the SQLite file; another database must be given one.
    """
    path = database.path
    is_new = (path is not None and not path.exists()) or database.schema() == ""
    if is_new and not publish_root:
        if database.path is None:
            raise Refused([Refusal("publish_root", "name one with --publish-root", "init")])
        publish_root = str(database.path.resolve().parent / "publish")
    earlier = "" if is_new else database.schema()
    if earlier and earlier < _FIRST_SEALED:
        database.keys.make()
    database.make()
    if is_new:
        database.keys.make()
    with database.write() as session:
        if session.get(SystemSettings, 1) is None:
            session.add(SystemSettings(publish_root=str(Path(publish_root).resolve())))
            system = Account(kind=SYSTEM, name="admin")
            session.add(system)
            session.flush()
            session.add(Account(kind=PROVIDER, name=_PROVIDER_NAME, parent_id=system.id))
        elif publish_root:
            settings = session.get_one(SystemSettings, 1)
            settings.publish_root = str(Path(publish_root).resolve())
            session.add(settings)
        seal_rows(session)
    return is_new


def first_provider(session: Session) -> int:
    """The id of the oldest service provider, under which new organizations are put."""
    query = select(Account.id).where(Account.kind == PROVIDER).order_by(col(Account.id)).limit(1)
    return session.exec(query).one() or 0
