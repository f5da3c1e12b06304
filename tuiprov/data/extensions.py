"""Extensions themselves: adding one, its number, name and SIP account, removing it.

What a page of an extension holds is written by `Store.save`; here is what comes before and after.
The screens and `tuiprov add` call it. Accounts above an extension may do this, each within its own
numbers; field by field `gates.py` says who.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlmodel import Session, col, select

from tuiprov.data import history
from tuiprov.data.accounts import Viewer, user_and_organization, within_reach
from tuiprov.data.checks import check_page, warnings
from tuiprov.data.database import Database
from tuiprov.data.fields import Values
from tuiprov.data.gates import refusal
from tuiprov.data.identity import IDENTITY_FIELDS
from tuiprov.data.kinship import kin, relation
from tuiprov.data.models import USER, Account, Device, Extension, Line
from tuiprov.data.page import Page
from tuiprov.data.permissions import needs, require
from tuiprov.data.reading import columns, new_page, page_of
from tuiprov.data.writer import RecordedNeighbours, outdate, write_page
from tuiprov.errors import Conflict, NotAllowed, NotFound, Refusal, Refused

_STAR = "*"
_SOMEBODY_BELOW = "below"
"""How a user stands to whoever may add extensions at all."""


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user account that extensions can be added to."""

    id: int
    name: str
    organization: str


class Extensions:
    """The extensions of a site. Every operation takes who is looking."""

    def __init__(self, database: Database):
        self._database = database

    @needs("extensions.add")
    def users(self, viewer: Viewer) -> list[UserRow]:
        """The user accounts within reach, by organization and name."""
        require(viewer, "extensions.add", _SOMEBODY_BELOW)
        user, organization = user_and_organization()
        query = columns(user.id, user.name, organization.name)
        query = query.join(organization, user.parent_id == organization.id)
        query = query.where(user.kind == USER, within_reach(viewer, user, organization))
        with self._database.read() as session:
            rows = session.execute(query.order_by(organization.name, user.name, user.id))
            return [UserRow(*row) for row in rows]

    @needs("extensions.add")
    def find_user(self, viewer: Viewer, name: str, organization: str = "") -> int:
        """The id of the one user of this name (in this organization); NotFound says what there is
        instead."""
        named = [row for row in self.users(viewer) if row.name == name]
        found = [row for row in named if organization in ("", row.organization)]
        if len(found) > 1:
            where = ", ".join(row.organization for row in found)
            raise NotFound(f"there are users named {name!r} in {where}: say --organization")
        if not found:
            place = f" in {organization!r}" if organization else ""
            raise NotFound(f"there is no user {name!r}{place}")
        return found[0].id

    @needs("extensions.add")
    def fresh(self, viewer: Viewer, user_id: int) -> Page:
        """The page of an extension to be added to a user; NotFound when that is out of reach."""
        with self._database.read() as session:
            return _fresh(session, viewer, user_id)

    @needs("extensions.add")
    def next_number(self, viewer: Viewer, user_id: int) -> str:
        """The number after the highest one of the user's organization, "" when it has none."""
        with self._database.read() as session:
            organization_id = _fresh(session, viewer, user_id).organization_id
            return _next_number(session, organization_id)

    @needs("extensions.add")
    def check(self, viewer: Viewer, page: Page) -> tuple[list[Refusal], dict[str, str]]:
        """What would be refused and what is worth a warning, while one types."""
        require(viewer, "extensions.add", _SOMEBODY_BELOW)
        with self._database.read() as session:
            neighbours = RecordedNeighbours(session)
            found = check_page(page, neighbours) + _number_problem(session, viewer, page)
            return found, warnings(page, neighbours)

    @needs("extensions.add")
    def add(self, viewer: Viewer, user_id: int, values: Values) -> Page:
        """Add an extension with this identity; a SIP password is made when none is given. Raises
        Refused with every reason."""
        _only_identity(values)
        with self._database.write() as session:
            page = _fresh(session, viewer, user_id)
            found = _number_problem(session, viewer, page.changed(values))
            if found:
                raise Refused(found)
            return page_of(session, viewer, write_page(session, viewer, page, values))

    @needs("extensions.identify")
    def identify(self, viewer: Viewer, extension_id: int, version: int, changes: Values) -> Page:
        """Store changes of an extension's identity; its phone is stale from then on. Raises Refused
        with every reason, Conflict when it is not the `version` that was seen."""
        _only_identity(changes)
        with self._database.write() as session:
            page = _page(session, viewer, extension_id, "extensions.identify")
            if page.extension_version != version:
                number = page.values["extension"]
                raise Conflict(f"somebody else changed extension {number}; nothing was saved")
            write_page(session, viewer, page, changes)
            return page_of(session, viewer, extension_id)

    @needs("extensions.remove")
    def remove(self, viewer: Viewer, extension_id: int) -> int | None:
        """Remove an extension; gives the device it was on, whose files are to be published again.
        NotAllowed when that is not the viewer's to change."""
        with self._database.write() as session:
            page = _page(session, viewer, extension_id, "extensions.remove")
            _may_leave_its_phone(page, viewer)
            line = session.exec(select(Line).where(Line.extension_id == extension_id)).first()
            if line is not None:
                outdate(session.get_one(Device, line.device_id))
                session.delete(line)
                session.flush()
            history.record(session, viewer.label, "remove extension", str(page.values["extension"]))
            session.delete(session.get_one(Extension, extension_id))
            return line.device_id if line is not None else None


def _fresh(session: Session, viewer: Viewer, user_id: int) -> Page:
    user = session.get(Account, user_id)
    word = _relation(session, viewer, user_id)
    if user is None or user.kind != USER or word not in ("self", "child", "below"):
        raise NotFound("this user account does not exist (any more)")
    require(viewer, "extensions.add", word)
    return new_page(session, viewer, user)


def _page(session: Session, viewer: Viewer, extension_id: int, operation: str) -> Page:
    """The page of an extension on which the viewer may do this."""
    page = page_of(session, viewer, extension_id)
    require(viewer, operation, _relation(session, viewer, page.user_id or 0))
    return page


def _relation(session: Session, viewer: Viewer, user_id: int) -> str:
    known = kin(session, [viewer.account_id, user_id])
    if user_id not in known or viewer.account_id not in known:
        return "stranger"
    return relation(viewer, known[user_id], known[viewer.account_id])


def _only_identity(values: Values) -> None:
    strangers = [name for name in values if name not in IDENTITY_FIELDS]
    if strangers:
        raise Refused([Refusal(name, "is set on the extension's page") for name in strangers])


def _may_leave_its_phone(page: Page, viewer: Viewer) -> None:
    """A phone loses a line with the extension: only who may provision takes it."""
    if page.device_id is None:
        return
    without = page.changed({"use_provisioning": False})
    reason = refusal("use_provisioning", False, without, viewer)
    if reason:
        number = page.values["extension"]
        raise NotAllowed(f"extension {number} is on a phone, and {viewer.label} may not change it")


# -- numbers --------------------------------------------------------------------------------------


def _number_problem(session: Session, viewer: Viewer, page: Page) -> list[Refusal]:
    """Who is not the administrator gives numbers of the own organization only: those that begin
    with an organization number which the organization uses already, or nobody else."""
    number = str(page.values["extension"])
    if viewer.is_administrator or not number:
        return []
    own, others = _who_uses(session, _organization_number(number), page.organization_id)
    if own or (not others and _STAR in number):
        return []
    if _STAR not in number:
        reason = "must begin with your organization's number and a star, e.g. 0027*001"
    else:
        reason = f"{_organization_number(number)} is another organization's number"
    return [Refusal("extension", reason)]


def _organization_number(number: str) -> str:
    """`0027` of `0027*001`, "" of a number without a star."""
    return number.partition(_STAR)[0] if _STAR in number else ""


def _who_uses(session: Session, prefix: str, organization_id: int | None) -> tuple[bool, bool]:
    """Are there extensions of this organization, and of others, whose numbers begin so?"""
    number = col(Extension.extension)
    begins = number.startswith(f"{prefix}{_STAR}", autoescape=True)
    alike = begins if prefix else number.not_like(f"%{_STAR}%")
    query = select(Extension.id).join(Account, col(Extension.user_id) == Account.id).where(alike)
    own = query.where(Account.parent_id == organization_id).limit(1)
    others = query.where(Account.parent_id != organization_id).limit(1)
    return session.exec(own).first() is not None, session.exec(others).first() is not None


def _next_number(session: Session, organization_id: int | None) -> str:
    query = select(Extension.extension).join(Account, col(Extension.user_id) == Account.id)
    query = query.where(Account.parent_id == organization_id)
    numbers = [number.rpartition(_STAR) for number in session.exec(query)]
    numbers = [number for number in numbers if number[2].isdecimal()]
    if not numbers:
        return ""
    (head, star), _ = Counter((head, star) for head, star, _ in numbers).most_common(1)[0]
    highest = max((n[2] for n in numbers if n[:2] == (head, star)), key=int)
    return f"{head}{star}{int(highest) + 1:0{len(highest)}}"
