"""Reading the templates of accounts as phones get them; imported where a page is opened."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.fields import Value
from tuiprov.data.models import Account
from tuiprov.data.page import CustomTemplate, as_custom
from tuiprov.data.sections import SERVER_DEFAULT
from tuiprov.data.templates.fields import TEMPLATE_FIELDS
from tuiprov.data.templates.tables import Template, TemplateFile


def customs_for(
    session: Session, viewer: Viewer, owners: Sequence[int | None], in_use: Value
) -> tuple[CustomTemplate, ...]:
    """The templates that `viewer` may choose for an extension of these accounts (user, organization
    and provider), and the one in use, whoever owns it."""
    mine = viewer.account_id if viewer.is_administrator else None
    above = select(Account.id).where(Account.parent_id == None)  # noqa: E711  SQL's own null
    allowed = (
        col(Template.owner_id) == mine
        if mine is not None
        else col(Template.owner_id).in_(owners) | col(Template.owner_id).in_(above)
    )
    if viewer.role == "terminal":
        allowed = col(Template.id) == None  # noqa: E711  none at all
    return _customs(session, allowed | (col(Template.name) == in_use))


def customs_named(session: Session, names: Collection[str]) -> dict[str, CustomTemplate]:
    """The templates with these names, by name; the server default is none of them."""
    wanted = set(names) - {SERVER_DEFAULT}
    known = _customs(session, col(Template.name).in_(wanted)) if wanted else ()
    return {one.name: one for one in known}


def _customs(session: Session, condition: ColumnElement[bool]) -> tuple[CustomTemplate, ...]:
    """The templates of accounts under this condition, by name, with their files."""
    rows = session.exec(select(Template).where(condition).order_by(col(Template.name))).all()
    if not rows:
        return ()
    files: dict[int, dict[str, str]] = {}
    query = select(TemplateFile).where(col(TemplateFile.template_id).in_([row.id for row in rows]))
    for file in session.exec(query):
        files.setdefault(file.template_id, {})[file.path] = file.text
    return tuple(_custom_of(row, files.get(row.id or 0, {})) for row in rows)


def _custom_of(row: Template, files: Mapping[str, str]) -> CustomTemplate:
    return as_custom({name: getattr(row, name) for name in TEMPLATE_FIELDS}, files)
