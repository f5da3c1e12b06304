"""Reading and writing pages: the one way into the tables for screens, command line and tests.

Every write takes the viewer and goes through the gates and checks inside its transaction
(`writer.py`), so nothing gets around them. All or nothing: a refused write leaves everything as it
was and names every field that is wrong. Lists come as ids and pages of rows; no query per row.
"""

from __future__ import annotations

import json
import secrets
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, update
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, select

from tuiprov.data import history
from tuiprov.data.accounts import Viewer, user_and_organization, within_reach
from tuiprov.data.checks import check_page, warnings
from tuiprov.data.database import Database
from tuiprov.data.fields import Value
from tuiprov.data.filters import condition
from tuiprov.data.models import Device, Extension, KeptDraft, Line, SystemSettings
from tuiprov.data.page import LineUse, Page, Phone, Values
from tuiprov.data.sections import DEFAULTS, DEVICE_FIELDS, EXTENSION_FIELDS, FIELDS
from tuiprov.data.site import SITE_FIELDS, Site
from tuiprov.data.writer import RecordedNeighbours, write_page
from tuiprov.errors import Conflict, NotAllowed, NotFound, Refusal

_PAGE_OF_DEVICES = 500


@dataclass(frozen=True, slots=True)
class ExtensionRow:
    """One row of the extensions list."""

    id: int
    extension: str
    name: str
    organization: str
    user: str
    state: str
    phone: str
    mac: str
    line: int | None


class Store:
    """A site's data. One per program; safe to use from several threads."""

    def __init__(self, database: Database):
        self.database = database

    # -- settings -------------------------------------------------------------------------------

    def site(self) -> Site:
        with self.database.read() as session:
            return site_of(session)

    def set_site(self, viewer: Viewer, values: Values) -> Site:
        """Change system-wide settings; every enabled device is stale from then on."""
        if not viewer.is_administrator:
            raise NotAllowed("only the system administrator changes settings of the site")
        with self.database.write() as session:
            row = session.get_one(SystemSettings, 1)
            changed = [name for name, value in values.items() if getattr(row, name) != value]
            for name in changed:
                setattr(row, name, values[name])
            if changed:
                session.add(row)
                session.execute(update(Device).values(publish_state="stale", publish_reason=""))
                history.record(session, viewer.label, "settings", "", " ".join(changed))
            session.flush()
            return site_of(session)

    # -- the extensions list --------------------------------------------------------------------

    def extension_ids(self, viewer: Viewer, where: str = "") -> array[int]:
        """Ids of all extensions the viewer sees and the filter text matches, by number."""
        user, organization = user_and_organization()
        query = _joined(select(Extension.id), user, organization)
        query = query.where(
            within_reach(viewer, user, organization), condition(where, user, organization)
        )
        with self.database.read() as session:
            found = session.execute(query.order_by(col(Extension.extension))).scalars()
            return array("q", found)

    def extension_rows(self, ids: Sequence[int]) -> dict[int, ExtensionRow]:
        """The rows of these ids (a page of a list whose ids came from `extension_ids`)."""
        user, organization = user_and_organization()
        query = _columns(
            Extension.id,
            Extension.extension,
            Extension.extension_name,
            organization.name,
            user.name,
            Extension.use_provisioning,
            Device.status,
            Device.publish_state,
            Device.manufacturer,
            Device.model,
            Device.mac,
            Line.number,
        )
        query = _joined(query, user, organization).where(col(Extension.id).in_(list(ids)))
        with self.database.read() as session:
            return {row[0]: _list_row(row) for row in session.execute(query)}

    def find_extension(self, viewer: Viewer, number: str) -> int:
        """The id of the extension with this extended number; NotFound when it cannot be seen."""
        with self.database.read() as session:
            query = select(Extension.id).where(Extension.extension == number)
            found = session.exec(query).first()
        if found is None or found not in set(self.extension_ids(viewer, f"extension:{number}")):
            raise NotFound(f"there is no extension {number!r}")
        return found

    # -- pages ----------------------------------------------------------------------------------

    def page(self, viewer: Viewer, extension_id: int) -> Page:
        """The page of an extension; NotFound when it does not exist or is out of reach."""
        with self.database.read() as session:
            return page_of(session, viewer, extension_id)

    def check(self, page: Page) -> tuple[list[Refusal], dict[str, str]]:
        """What would be refused and what is worth a warning, for live validation."""
        with self.database.read() as session:
            neighbours = RecordedNeighbours(session)
            return check_page(page, neighbours), warnings(page, neighbours)

    def save(self, viewer: Viewer, page: Page, changes: Values) -> Page:
        """Store `changes` to `page` (as it was read) and read it again. Raises Refused with every
        reason, or Conflict when somebody else saved in between; then nothing is written."""
        with self.database.write() as session:
            extension_id = write_page(session, viewer, _as_stored(session, viewer, page), changes)
            return page_of(session, viewer, extension_id)

    # -- phones, for plans ----------------------------------------------------------------------

    def phone(self, device_id: int) -> Phone | None:
        return next(self.phones([device_id]), None)

    def phones(self, ids: Iterable[int] | None = None) -> Iterator[Phone]:
        """These devices (all: None) as phones with their lines, in pages by key."""
        wanted = None if ids is None else sorted(set(ids))
        with self.database.read() as session:
            site = site_of(session)
            for rows in _device_pages(session, wanted):
                lines = _lines_by_device(session, [row.id for row in rows])
                for row in rows:
                    values = {name: getattr(row, name) for name in DEVICE_FIELDS}
                    yield Phone(values, tuple(lines.get(row.id, ())), site, row.token, row.id)

    def device_ids(self, viewer: Viewer, where: str = "") -> list[int]:
        """Devices that serve an extension which the viewer sees and the filter text matches."""
        user, organization = user_and_organization()
        query = _joined(select(Line.device_id), user, organization)
        query = query.where(
            within_reach(viewer, user, organization), condition(where, user, organization)
        )
        with self.database.read() as session:
            found = session.execute(query.where(col(Line.device_id).is_not(None)).distinct())
            return sorted(found.scalars())

    # -- drafts and events ----------------------------------------------------------------------

    def keep_draft(self, viewer: Viewer, page: Page, texts: Mapping[str, str]) -> None:
        """Keep what was typed on a page, to be offered at the next start."""
        with self.database.write() as session:
            session.merge(
                KeptDraft(
                    viewer=viewer.key,
                    extension_id=page.extension_id or 0,
                    texts=json.dumps(dict(texts)),
                    extension_version=page.extension_version,
                    kept_at=datetime.now(UTC),
                )
            )

    def kept_draft(self, viewer: Viewer) -> tuple[int, dict[str, str], datetime] | None:
        """The viewer's latest kept draft: extension id, texts by field, when it was kept."""
        query = select(KeptDraft).where(KeptDraft.viewer == viewer.key)
        with self.database.read() as session:
            kept = session.exec(query.order_by(col(KeptDraft.kept_at).desc()).limit(1)).first()
            return (kept.extension_id, json.loads(kept.texts), kept.kept_at) if kept else None

    def drop_draft(self, viewer: Viewer, extension_id: int) -> None:
        with self.database.write() as session:
            kept = session.get(KeptDraft, (viewer.key, extension_id))
            if kept is not None:
                session.delete(kept)

    def record(self, viewer: Viewer, action: str, subject: str, detail: str = "") -> None:
        """Write down that something was done (never a secret)."""
        with self.database.write() as session:
            history.record(session, viewer.label, action, subject, detail)


def _columns(*columns: Any) -> Select[Any]:
    """`select` of more columns than its typed overloads know."""
    return sql_select(*columns)


def site_of(session: Session) -> Site:
    """The settings as plain data, without the table's own columns."""
    row = session.get_one(SystemSettings, 1)
    return Site(**{name: getattr(row, name) for name in SITE_FIELDS})


def page_of(session: Session, viewer: Viewer, extension_id: int) -> Page:
    """The page of an extension, read in `session`'s transaction."""
    user, organization = user_and_organization()
    query = _columns(Extension, user, organization, Line, Device)
    query = _joined(query, user, organization)
    query = query.where(Extension.id == extension_id, within_reach(viewer, user, organization))
    found = session.execute(query).first()
    if found is None:
        raise NotFound("this extension does not exist (any more)")
    extension, user_row, organization_row, line, device = found
    values: dict[str, Value] = dict(DEFAULTS)
    values |= {name: getattr(extension, name) for name in EXTENSION_FIELDS}
    values |= {"organization": organization_row.name, "user": user_row.name}
    values["line"] = line.number if line is not None else 1
    page = Page(
        values=values,
        site=site_of(session),
        extension_id=extension.id,
        extension_version=extension.version,
        token=secrets.token_hex(16),
        organization_id=organization_row.id,
        user_id=user_row.id,
    )
    return page if device is None else on_device(session, page, device)


def _as_stored(session: Session, viewer: Viewer, page: Page) -> Page:
    """`page` read again, so that nothing but the changes comes from the caller; Conflict when it is
    not what the caller saw."""
    if page.extension_id is None:
        return page
    stored = page_of(session, viewer, page.extension_id)
    if _versions(stored) != _versions(page):
        number = stored.values["extension"]
        raise Conflict(
            f"somebody else changed extension {number} or its device meanwhile; nothing was saved"
        )
    # A phone that is not stored yet was shown with the page's own token.
    return stored if stored.device_id else replace(stored, token=page.token)


def _versions(page: Page) -> tuple[int, int | None, int]:
    return page.extension_version, page.device_id, page.device_version


def on_device(session: Session, page: Page, device: Device) -> Page:
    """`page` put on a device that exists already, beside the lines it serves (nothing is saved)."""
    device_id = device.id or 0
    lines = _lines_by_device(session, [device_id]).get(device_id, [])
    return replace(
        page,
        values={**page.values, **{name: getattr(device, name) for name in DEVICE_FIELDS}},
        device_id=device_id,
        device_version=device.version,
        token=device.token,
        others=tuple(line for line in lines if line.extension_id != page.extension_id),
    )


def _joined(query: Any, user: Any, organization: Any) -> Any:
    return (
        query.select_from(Extension)
        .join(user, col(Extension.user_id) == user.id)
        .join(organization, user.parent_id == organization.id)
        .outerjoin(Line, col(Line.extension_id) == Extension.id)
        .outerjoin(Device, col(Line.device_id) == Device.id)
    )


def _list_row(row: Any) -> ExtensionRow:
    (number, extension, name, organization, user, used, status, state, maker, model, mac, line) = (
        row
    )
    return ExtensionRow(
        number,
        extension,
        name,
        organization,
        user,
        _state(used, status, state),
        f"{maker} {model}" if maker else "",
        mac or "",
        line,
    )


def _state(used: bool, status: str | None, publish_state: str | None) -> str:
    """not provisioned → disabled → published, stale or failed."""
    if not used or status is None:
        return "not provisioned"
    return "disabled" if status == "disabled" else publish_state or "stale"


def _device_pages(session: Session, wanted: Sequence[int] | None) -> Iterator[Sequence[Any]]:
    columns = [getattr(Device, name) for name in ("id", "token", *DEVICE_FIELDS)]
    last = 0
    while True:
        query: Select[Any] = _columns(*columns).order_by(col(Device.id)).limit(_PAGE_OF_DEVICES)
        if wanted is None:
            query = query.where(col(Device.id) > last)
        else:
            page, wanted = wanted[:_PAGE_OF_DEVICES], wanted[_PAGE_OF_DEVICES:]
            query = query.where(col(Device.id).in_(page))
        rows = session.execute(query).all()
        if rows:
            yield rows
            last = rows[-1].id
        if not rows or wanted == []:
            return


def _lines_by_device(session: Session, device_ids: Sequence[int]) -> dict[int, list[LineUse]]:
    columns = [getattr(Extension, name) for name in EXTENSION_FIELDS if name in FIELDS]
    query = _columns(Line.device_id, Line.number, Extension.id, *columns)
    query = query.join(Extension, col(Line.extension_id) == Extension.id)
    query = query.where(col(Line.device_id).in_(device_ids)).order_by(col(Line.number))
    lines: dict[int, list[LineUse]] = {}
    for device_id, number, extension_id, *values in session.execute(query):
        extension = dict(zip(EXTENSION_FIELDS, values, strict=True))
        lines.setdefault(device_id, []).append(LineUse(number, extension, extension_id))
    return lines
