"""Adding and removing extensions: their numbers, whose they are, what of them goes.

The extensions list and `tuiprov add` and `remove` call it. Who an extension is (its name, number
and SIP account) is edited like the rest of its page: `Store.save`, held by `gates.py`.
"""

from __future__ import annotations

import secrets
from dataclasses import replace

from sqlmodel import Session, col, select

from tuiprov.data import history
from tuiprov.data.accounts import Viewer, user_and_organization
from tuiprov.data.database import Database
from tuiprov.data.fields import Values
from tuiprov.data.kinship import Kin, is_below, kin, relation
from tuiprov.data.models import USER, Device, Extension, KeptDraft, Line
from tuiprov.data.page import Page
from tuiprov.data.permissions import needs, require
from tuiprov.data.reading import customs_for, new_values, page_of, site_of
from tuiprov.data.sections import SERVER_DEFAULT
from tuiprov.data.writer import outdate, write_page
from tuiprov.errors import Conflict, NotAllowed, NotFound, Refusal, Refused


class Extensions:
    """The extensions of a site, as far as they come and go."""

    def __init__(self, database: Database):
        self._database = database

    @needs("extensions.add")
    def fresh(self, viewer: Viewer, user_id: int) -> Page:
        """The page of an extension to be added for this user account."""
        with self._database.read() as session:
            return _fresh(session, viewer, user_id)

    @needs("extensions.add")
    def add(self, viewer: Viewer, user_id: int, changes: Values) -> Page:
        """Add an extension; gives its page. Refused names every reason."""
        with self._database.write() as session:
            page = _fresh(session, viewer, user_id)
            _check_number(session, viewer, page, str(changes.get("extension", "")))
            return page_of(session, viewer, write_page(session, viewer, page, changes))

    @needs("extensions.remove")
    def remove(self, viewer: Viewer, seen: Page) -> None:
        """Remove an extension as it was seen, with its line on a device; the device stays. Its
        files are the caller's to bring up to date: the device is stale until then."""
        require(viewer, "extensions.remove")
        with self._database.write() as session:
            page = page_of(session, viewer, seen.extension_id or 0)
            number = str(page.values["extension"])
            if page.extension_version != seen.extension_version:
                raise Conflict(f"somebody else changed {number} meanwhile; it was not removed")
            if page.device_id is not None and not viewer.may_provision:
                raise NotAllowed(f"{number} has a phone, and you may not provision devices")
            _take_off_its_device(session, page)
            history.record(session, viewer.label, "remove extension", number)
            drafts = select(KeptDraft).where(KeptDraft.extension_id == page.extension_id)
            for draft in session.exec(drafts):
                session.delete(draft)
            session.flush()
            session.delete(session.get_one(Extension, page.extension_id))


def _fresh(session: Session, viewer: Viewer, user_id: int) -> Page:
    require(viewer, "extensions.add")
    known = kin(session, [viewer.account_id, user_id])
    user = known.get(user_id)
    if user is None or user.kind != USER or not is_below(_relation(viewer, known, user)):
        raise NotFound("this user account does not exist (any more)")
    organization_id = user.parent_id or 0
    organization = kin(session, [organization_id])[organization_id]
    site = site_of(session)
    values = {
        **new_values(site),
        "organization": organization.name,
        "user": user.name,
        "line": 1,
    }
    page = Page(
        values,
        site,
        token=secrets.token_hex(16),
        organization_id=organization_id,
        user_id=user_id,
        revealable=viewer.sip_management,
    )
    owners = (user_id, organization_id, organization.parent_id)
    return replace(page, customs=customs_for(session, viewer, owners, SERVER_DEFAULT))


def _relation(viewer: Viewer, known: dict[int, Kin], user: Kin) -> str:
    return relation(viewer, user, known[viewer.account_id])


def _check_number(session: Session, viewer: Viewer, page: Page, number: str) -> None:
    """Numbers begin with the organization's own: nobody but the administrator takes another's."""
    if viewer.is_administrator or not number:
        return
    begins = number.partition("*")[0]
    user, organization = user_and_organization()
    query = (
        select(organization.id, Extension.extension)
        .join(user, col(Extension.user_id) == user.id)
        .join(organization, user.parent_id == organization.id)
        .where(
            col(Extension.extension).like(f"{begins}*%") | (organization.id == page.organization_id)
        )
    )
    found = session.exec(query).all()
    own = {str(taken).partition("*")[0] for place, taken in found if place == page.organization_id}
    if begins in own:
        return
    if own:
        reason = f"must begin with {' or '.join(sorted(own))}*, as the organization's others do"
        raise Refused([Refusal("extension", reason)])
    if any(place != page.organization_id for place, _ in found):
        raise Refused([Refusal("extension", f"{begins} is another organization's number")])


def _take_off_its_device(session: Session, page: Page) -> None:
    line = session.exec(select(Line).where(Line.extension_id == page.extension_id)).first()
    if line is not None:
        outdate(session.get_one(Device, line.device_id))
        session.delete(line)
        session.flush()
