"""Adding and removing extensions: their numbers, whose they are, what of them goes.

The extensions list and `tuiprov add` and `remove` call it. Who an extension is (its name, number
and SIP account) is edited like the rest of its page: `Store.save`, held by `gates.py`.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from sqlmodel import Session, col, select

from tuiprov.data.accounts.kinship import Kin, is_below, kin, relation
from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.checks import check_page, warnings
from tuiprov.data.database import Database
from tuiprov.data.fields import Values
from tuiprov.data.history import events as history
from tuiprov.data.models import USER, Account, Device, Extension, KeptDraft, Line
from tuiprov.data.page import OwnOption, Page
from tuiprov.data.permissions import needs, require
from tuiprov.data.reading import new_values, page_of
from tuiprov.data.sections import SERVER_DEFAULT
from tuiprov.data.settings import SystemSettings, site_of
from tuiprov.data.site import check_site
from tuiprov.data.templates.customs import customs_for
from tuiprov.data.writer import RecordedNeighbours, outdate, write_page
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
    def next_number(self, viewer: Viewer, user_id: int) -> str:
        """The number after the highest one of the user's organization, "" when it has none."""
        with self._database.read() as session:
            page = _fresh(session, viewer, user_id)
            return _following(_numbers_of(session, page.organization_id))

    @needs("extensions.add")
    def check(self, viewer: Viewer, page: Page) -> tuple[list[Refusal], dict[str, str]]:
        """What would be refused of an extension to be added, and what is worth a warning."""
        require(viewer, "extensions.add")
        with self._database.read() as session:
            neighbours = RecordedNeighbours(session, page, viewer)
            found = check_page(page, neighbours) + _foreign_number(session, viewer, page)
            return found, warnings(page, neighbours)

    @needs("extensions.add")
    def add(self, viewer: Viewer, user_id: int, changes: Values) -> Page:
        """Add an extension; gives its page. Refused names every reason."""
        with self._database.write() as session:
            page = _fresh(session, viewer, user_id)
            found = _foreign_number(session, viewer, page.changed(changes))
            if found:
                raise Refused(found)
            return page_of(session, viewer, write_page(session, viewer, page, changes))

    @needs("site.change")
    def adopt(
        self,
        viewer: Viewer,
        user_id: int,
        found: Sequence[tuple[Values, Sequence[OwnOption]]],
        settings: Values,
        source: str,
        *,
        dry_run: bool = False,
    ) -> dict[str, tuple[int, int]]:
        """Add extensions taken over from a PBX, each with the options kept besides its page, and
        change settings so that they fit: one operation, all or nothing. Gives by number the row's
        id and version. Refused names every reason by its extension."""
        require(viewer, "site.change")
        with suppress(_Undo), self._database.write() as session:
            history.record(session, viewer, "adopt", source, f"{len(found)} extensions")
            settle_site(session, settings)
            rows = _adopted(session, viewer, _fresh(session, viewer, user_id), found)
            if dry_run:
                raise _Undo
            return rows
        return {}

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
            history.record(session, viewer, "remove extension", number)
            drafts = select(KeptDraft).where(KeptDraft.extension_id == page.extension_id)
            for draft in session.exec(drafts):
                session.delete(draft)
            session.flush()
            session.delete(session.get_one(Extension, page.extension_id))


class _Undo(Exception):
    """Rolls a dry run back."""


def _adopted(
    session: Session,
    viewer: Viewer,
    fresh: Page,
    found: Sequence[tuple[Values, Sequence[OwnOption]]],
) -> dict[str, tuple[int, int]]:
    from tuiprov.data.pbx_rows import keep_options

    refused: list[Refusal] = []
    for values, options in found:
        page = replace(fresh, token=secrets.token_hex(16))
        number = str(values["extension"])
        try:
            row_id = write_page(session, viewer, page, values)
        except Refused as error:
            refused += [replace(one, where=f"extension {number}") for one in error.refusals]
            continue
        keep_options(session, row_id, options)
    if refused:
        raise Refused(refused)
    session.flush()
    wanted = {str(values["extension"]) for values, _ in found}
    query = select(Extension.extension, Extension.id, Extension.version)
    rows = session.exec(query.where(Extension.user_id == fresh.user_id))
    return {number: (row_id or 0, version) for number, row_id, version in rows if number in wanted}


def settle_site(session: Session, settings: Values) -> None:
    """Change settings of the site within an operation; Refused names each that is wrong."""
    problems = check_site(site_of(session).model_copy(update=dict(settings)))
    if problems:
        raise Refused(problems)
    row = session.get_one(SystemSettings, 1)
    for name, value in settings.items():
        setattr(row, name, value)
    session.add(row)
    session.flush()


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


def _foreign_number(session: Session, viewer: Viewer, page: Page) -> list[Refusal]:
    reason = foreign_number(session, viewer, str(page.values["extension"]), page.organization_id)
    return [Refusal("extension", reason)] if reason else []


def foreign_number(
    session: Session, viewer: Viewer, number: str, organization_id: int | None
) -> str:
    """Why an extension of this organization may not have this number, or "". Who is not the
    administrator gives numbers that begin with an organization number which the organization uses
    already, or nobody else."""
    if viewer.is_administrator or not number:
        return ""
    begins = organization_number(number)
    own, others = _who_uses(session, begins, organization_id)
    if own or (begins and not others):
        return ""
    known = {organization_number(one) for one in _numbers_of(session, organization_id)}
    if known - {""}:
        heads = " or ".join(f"{head}*" for head in sorted(known - {""}))
        reason = f"must begin with {heads}, as the organization's others do"
    elif begins:
        reason = f"{begins} is another organization's number"
    else:
        reason = "must begin with an organization number and a star, e.g. 0027*001"
    return reason


def organization_number(number: str) -> str:
    """`0027` of `0027*001`, "" of a number without a star."""
    return number.rpartition("*")[0]


def _who_uses(session: Session, begins: str, organization_id: int | None) -> tuple[bool, bool]:
    """Are there extensions of this organization, and of others, whose numbers begin so?"""
    number = col(Extension.extension)
    alike = number.startswith(f"{begins}*", autoescape=True) if begins else number.not_like("%*%")
    query = select(Extension.id).join(Account, col(Extension.user_id) == Account.id).where(alike)
    own = query.where(Account.parent_id == organization_id).limit(1)
    others = query.where(Account.parent_id != organization_id).limit(1)
    return session.exec(own).first() is not None, session.exec(others).first() is not None


def _numbers_of(session: Session, organization_id: int | None) -> list[str]:
    query = select(Extension.extension).join(Account, col(Extension.user_id) == Account.id)
    return list(session.exec(query.where(Account.parent_id == organization_id)))


def _following(numbers: Iterable[str]) -> str:
    """The number after the highest of those that begin as most do; as many digits as that has."""
    parts = [number.rpartition("*") for number in numbers]
    parts = [part for part in parts if part[2].isdecimal()]
    if not parts:
        return ""
    (head, star), _ = Counter(part[:2] for part in parts).most_common(1)[0]
    highest = max((part[2] for part in parts if part[:2] == (head, star)), key=int)
    return f"{head}{star}{int(highest) + 1:0{len(highest)}}"


def _take_off_its_device(session: Session, page: Page) -> None:
    line = session.exec(select(Line).where(Line.extension_id == page.extension_id)).first()
    if line is not None:
        outdate(session.get_one(Device, line.device_id))
        session.delete(line)
        session.flush()
