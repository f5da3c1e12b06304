"""Sites for tests in one line each: `a_site(tmp_path).import_csv("first-site.csv")`.

A site is a real SQLite file in the test's own directory, founded by `found_site` (once per process,
then copied). `Site` gives its store, its administrator and viewers of every role with the
permissions a test wants; whatever it writes goes through the store like any other write.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from sqlmodel import Session, SQLModel, col, select

from tests import postgresql
from tuiprov.data.accounts.viewers import (
    Permission,
    Role,
    Viewer,
    administrator,
    terminal_viewer,
    viewer_for,
)
from tuiprov.data.database import Database
from tuiprov.data.draft import Draft
from tuiprov.data.exchange.export import export_csv
from tuiprov.data.exchange.importing import Imported, import_file
from tuiprov.data.founding import found_site
from tuiprov.data.models import Account, Extension
from tuiprov.data.page import Page
from tuiprov.data.settings import SystemSettings
from tuiprov.data.store import Store

DATA = Path(__file__).parent / "data"
ORGANIZATION, USER = "Acme Ltd", "john.smith"

PHONE: dict[str, Any] = {
    "use_provisioning": True,
    "friendly_name": "Desk01",
    "manufacturer": "Yealink",
    "model": "T46S",
    "firmware": "84",
    "mac": "80:5E:C0:00:00:01",
    "update_protocol": "https",
}
"""A page's values for a phone that can be saved as it is; `| {...}` makes another of it."""

SOFTPHONE: dict[str, Any] = {
    "use_provisioning": True,
    "friendly_name": "Laptop01",
    "manufacturer": "Linphone",
    "model": "Desktop",
    "firmware": "5.x",
    "update_protocol": "http",
}
"""The same for a phone without a MAC address."""

Row = TypeVar("Row", bound=SQLModel)


class NoNeighbours:
    """`checks.Neighbours` of a page that is alone in the world."""

    def mac_taken(self, mac: str, device_id: int | None) -> bool:
        return False

    def extensions_at(self, address: str, extension_id: int | None) -> list[tuple[str, str]]:
        return []

    def number_taken(self, extension: str, extension_id: int | None) -> bool:
        return False

    def account_taken(self, account: str, extension_id: int | None) -> bool:
        return False


@dataclass(frozen=True)
class Site:
    """A founded site in `directory`. Every method that makes or changes something gives what a test
    asks about next, so that most tests need one line of it."""

    directory: Path
    store: Store
    admin: Viewer

    @property
    def database(self) -> Database:
        return self.store.database

    @property
    def url(self) -> str:
        return str(self.database.url)

    @property
    def publish_root(self) -> Path:
        return Path(self.store.site().publish_root)

    # -- filling it -----------------------------------------------------------------------------

    def import_csv(self, name: str | Path, *, dry_run: bool = False) -> Imported:
        """Import a file of `tests/data` (or any path) as the administrator."""
        return import_file(self.database, self.admin, DATA / name, dry_run=dry_run)

    def import_text(self, text: str | bytes, *, viewer: Viewer | None = None) -> Imported:
        """Import CSV text as if it were a file named `rows.csv`."""
        path = self.directory / "rows.csv"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return import_file(self.database, viewer or self.admin, path)

    def export(self, viewer: Viewer | None = None, where: str = "") -> str:
        return "".join(export_csv(self.store, viewer or self.admin, where))

    def add(
        self,
        number: str = "0027*001",
        *,
        organization: str = ORGANIZATION,
        user: str = USER,
        **values: Any,
    ) -> Page:
        """A new extension, saved with `values` (`**PHONE` puts a phone on it); gives its page."""
        places = f"extension,organization,user\n{number},{organization},{user}\n"
        self.import_text(places)
        page = self.page(number)
        return self.store.save(self.admin, page, values) if values else page

    def configure(self, **settings: Any) -> Site:
        """Change the system-wide settings."""
        with self.database.write() as session:
            row = session.get_one(SystemSettings, 1)
            for name, value in settings.items():
                setattr(row, name, value)
        return self

    # -- looking at it --------------------------------------------------------------------------

    def viewer(
        self,
        role: Role,
        provision: Permission = "none",
        *,
        sip: bool = False,
        trunking: bool = False,
        name: str = "",
        extension: str = "",
    ) -> Viewer:
        """Somebody of this role whose account has these permissions, in the database too.

        The account is the one called `name`, else the first of its kind; a terminal is the one with
        the number `extension`, else the first, and it may what its user may.
        """
        if role == "system":
            return self.admin
        with self.database.write() as session:
            terminal = _terminal(session, extension) if role == "terminal" else None
            accounts = select(Account).order_by(col(Account.id)).limit(1)
            if terminal is not None:
                accounts = accounts.where(Account.id == terminal.user_id)
            else:
                accounts = accounts.where(Account.kind == role)
            account = session.exec(accounts.where(Account.name == name) if name else accounts).one()
            account.provision_permission = provision
            account.sip_management, account.sip_trunking_management = sip, trunking
            session.flush()
            return terminal_viewer(session, terminal) if terminal else viewer_for(account)

    def page(self, number: str = "0027*001", viewer: Viewer | None = None) -> Page:
        seen_by = viewer or self.admin
        return self.store.page(seen_by, self.store.find_extension(seen_by, number))

    def draft(self, number: str = "0027*001", viewer: Viewer | None = None) -> Draft:
        seen_by = viewer or self.admin
        return Draft(self.page(number, seen_by), seen_by, self.store.check)

    def save(self, number: str = "0027*001", viewer: Viewer | None = None, **changes: Any) -> Page:
        """Open the extension's page and save `changes` to it."""
        seen_by = viewer or self.admin
        return self.store.save(seen_by, self.page(number, seen_by), changes)

    def rows(self, table: type[Row]) -> Sequence[Row]:
        with self.database.read() as session:
            return session.exec(select(table)).all()


def a_site(tmp_path: Path, *, csv: str = "", **settings: Any) -> Site:
    """A new site in `tmp_path` with `settings`, filled from the file `csv` of `tests/data`; in the
    kind of database that `BACKEND` names."""
    make = {"sqlite": _on_sqlite, "postgresql": _on_postgresql}[BACKEND.get()]
    database = make(tmp_path)
    with database.read() as session:
        site = Site(tmp_path, Store(database), administrator(session))
    site.configure(**{"publish_root": str(tmp_path / "publish"), **settings})
    if csv:
        site.import_csv(csv)
    return site


BACKEND: ContextVar[str] = ContextVar("BACKEND", default="sqlite")
"""sqlite, postgresql: which database `a_site` makes."""


def an_empty_database(directory: Path) -> Database:
    """A database of the chosen kind that nobody has made a site in."""
    if BACKEND.get() == "sqlite":
        return Database(f"sqlite:///{directory}/new.db")
    return Database(postgresql.server().create(), key=str(directory / "new.key"))


def _on_sqlite(directory: Path) -> Database:
    path = directory / "site.db"
    shutil.copyfile(_founded(), path)
    path.chmod(0o600)
    shutil.copy(_founded().with_name("founded.db.key"), directory / "site.db.key")
    return Database(f"sqlite:///{path}")


def _on_postgresql(directory: Path) -> Database:
    template, key = _founded_on_postgresql()
    own = directory / "site.db.key"
    shutil.copy(key, own)
    # Whoever opens it again by its URL alone finds the key too; a fixture takes it back.
    os.environ["TUIPROV_KEY"] = str(own)
    return Database(postgresql.server().create(template))


def _terminal(session: Session, number: str) -> Extension:
    query = select(Extension).order_by(col(Extension.id)).limit(1)
    return session.exec(query.where(Extension.extension == number) if number else query).one()


@cache
def _founded() -> Path:
    """A site as `tuiprov init` leaves it, made once: the migrations run once per process."""
    directory = Path(tempfile.mkdtemp(prefix="tuiprov-tests-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    path = directory / "founded.db"
    database = Database(f"sqlite:///{path}")
    found_site(database)
    database.close()
    return path


@cache
def _founded_on_postgresql() -> tuple[str, Path]:
    """The name of a database with such a site, to be copied, and the file with its key."""
    directory = Path(tempfile.mkdtemp(prefix="tuiprov-tests-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    server = postgresql.server()
    name = server.create_template()
    database = Database(server.url(name), key=str(directory / "key"))
    found_site(database, str(directory / "publish"))
    database.close()
    return name, directory / "key"
