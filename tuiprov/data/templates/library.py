"""Provisioning templates of accounts: listing, copying, changing and removing them.

The templates screen and `tuiprov templates` call it. Who sees whose is said in `permissions.py`:
the administrator only the administrator's own; an account its own, those of the accounts above it
and those of the accounts below. What a template is and what is wrong with it is in
`parts.py`; that its files render is for `publish/template_work.py` to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, update
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import Session, col, select

from tuiprov.data.accounts.kinship import Kin, is_below, kin, relation
from tuiprov.data.accounts.viewers import Viewer, user_and_organization, within_reach
from tuiprov.data.catalog import default_catalog
from tuiprov.data.database import Database
from tuiprov.data.fields import Values
from tuiprov.data.filters import Asker
from tuiprov.data.history import events as history
from tuiprov.data.models import Device, Line
from tuiprov.data.page import names_in
from tuiprov.data.permissions import may, needs, require
from tuiprov.data.queries import columns, joined
from tuiprov.data.row_filters import matcher
from tuiprov.data.sections import SERVER_DEFAULT
from tuiprov.data.templates.fields import TEMPLATE_FIELDS
from tuiprov.data.templates.parts import (
    TemplateView,
    Texts,
    file_problems,
    outdated,
    settings_problems,
)
from tuiprov.data.templates.tables import Template, TemplateFile
from tuiprov.errors import Conflict, NotFound, Refusal, Refused
from tuiprov.text import in_words

DEFAULT_ID: Final = 0
"""Stands for the server default where a template's id is asked for."""

_MOST_CANDIDATES: Final = 300
_MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """A template in the list. `used_by`: how many devices; None for one of an account above, whose
    phones are none of the viewer's business."""

    id: int
    name: str
    owner: str
    relation: str
    manufacturer: str
    models: str
    firmware: str
    files: int
    used_by: int | None
    is_outdated: bool
    """Has the server default that it was copied from changed?"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A device that a template could be looked at with."""

    device_id: int
    name: str
    model: str
    mac: str
    uses_it: bool


class Templates:
    """The templates of a site. Every operation takes who is looking."""

    def __init__(self, database: Database):
        self._database = database

    @needs("templates.see")
    def rows(self, viewer: Viewer, defaults: Texts, where: str = "") -> list[TemplateRow]:
        """The server default, then the templates that the viewer sees, as far as they match a
        filter (`row_filters.py`): the viewer's own, those of accounts above, those of accounts
        below, each by name."""
        require(viewer, "templates.see", "own")
        with self._database.read() as session:
            matches = matcher(where, Asker(session, viewer, "templates"))
            rows = [_default_row(defaults), *_rows(session, viewer, defaults)]
        return [row for row in rows if matches(row)]

    @needs("templates.see")
    def open(self, viewer: Viewer, template_id: int) -> TemplateView:
        """One template; NotFound when it does not exist or is not the viewer's to see."""
        with self._database.read() as session:
            return _view(session, viewer, template_id)

    @needs("templates.see")
    def find(self, viewer: Viewer, name: str) -> int:
        """The id of the template of this name; `DEFAULT_ID` for the server default. NotFound."""
        require(viewer, "templates.see", "own")
        if name.lower() == SERVER_DEFAULT.lower():
            return DEFAULT_ID
        with self._database.read() as session:
            query = select(Template.id).where(func.lower(Template.name) == name.lower())
            found = session.exec(query).first()
            if found is None:
                raise NotFound(f"there is no template {name!r}")
            return _view(session, viewer, found).id or 0

    @needs("templates.see")
    def taken_names(self, viewer: Viewer) -> frozenset[str]:
        """The names of all templates of the site: each is one of its kind."""
        with self._database.read() as session:
            return _taken(session, None)

    @needs("templates.see")
    def users(self, viewer: Viewer, template_id: int) -> list[int]:
        """The devices within reach that use a template which the viewer sees."""
        user, organization = user_and_organization()
        with self._database.read() as session:
            name = _view(session, viewer, template_id).name
            query = joined(select(Device.id), user, organization)
            query = query.where(
                within_reach(viewer, user, organization), col(Device.template) == name
            )
            return sorted(session.execute(query.distinct()).scalars())

    @needs("templates.see")
    def candidates(self, viewer: Viewer, view: TemplateView) -> list[Candidate]:
        """Devices within reach that the template is for, those that use it first. At most 300."""
        require(viewer, "files.see")
        with self._database.read() as session:
            return [
                Candidate(device_id, name, f"{model} {firmware}", mac, uses_it)
                for device_id, name, model, firmware, mac, uses_it in _candidates(
                    session, viewer, view
                )
            ]

    @needs("templates.add")
    def add(self, viewer: Viewer, wanted: TemplateView) -> int:
        """Store a new template as the viewer's own; gives its id. Refused says all that is wrong
        with it. (`template_parts.copied` makes one of the server default or of another.)"""
        with self._database.write() as session:
            require(viewer, "templates.add", "own")
            _check(wanted, _taken(session, None))
            row = Template(owner_id=viewer.account_id)
            _assign(row, wanted.values)
            session.add(row)
            session.flush()
            _write_files(session, row.id or 0, wanted)
            history.record(session, viewer, "add template", row.name)
            return row.id or 0

    @needs("templates.edit")
    def save(self, viewer: Viewer, wanted: TemplateView) -> TemplateView:
        """Store a template that was opened and changed. Its devices follow a new name, and are
        stale when a file is another. Raises Refused with every reason, Conflict when somebody else
        saved in between."""
        template_id = wanted.id or 0
        with self._database.write() as session:
            stored = _view(session, viewer, template_id)
            require(viewer, "templates.edit", stored.relation)
            if stored.version != wanted.version:
                raise Conflict(f"somebody else changed template {stored.name}; nothing was saved")
            _check(wanted, stored.taken)
            _check_users(session, stored.name, wanted)
            row = session.get_one(Template, template_id)
            changed = _changed(stored, wanted)
            if changed:
                _assign(row, wanted.values)
                flag_modified(row, "notes")  # another file alone makes another version, too
                _write_files(session, template_id, wanted)
                _tell_devices(session, stored, wanted)
                history.record(session, viewer, "template", row.name, " ".join(changed))
            session.flush()
            return _view(session, viewer, template_id)

    @needs("templates.remove")
    def remove(self, viewer: Viewer, template_id: int) -> str:
        """Remove a template that no device uses; gives its name. Refused says how many do."""
        with self._database.write() as session:
            view = _view(session, viewer, template_id)
            require(viewer, "templates.remove", view.relation)
            if view.used_by:
                count = f"{view.used_by} device{'s' if view.used_by > 1 else ''}"
                verb = "uses" if view.used_by == 1 else "use"
                raise Refused([Refusal("", f"{count} {verb} {view.name}: give them another first")])
            session.delete(session.get_one(Template, template_id))
            history.record(session, viewer, "remove template", view.name)
            return view.name


# -- reading --------------------------------------------------------------------------------------


def _default_row(defaults: Texts) -> TemplateRow:
    return TemplateRow(
        DEFAULT_ID, SERVER_DEFAULT, "", "default", "all", "", "", len(defaults), None, False
    )


def _rows(session: Session, viewer: Viewer, defaults: Texts) -> list[TemplateRow]:
    templates = session.exec(select(Template)).all()
    known = kin(session, {viewer.account_id, *(row.owner_id for row in templates)})
    bases: dict[int, dict[str, str]] = {}
    for number, path, base in session.execute(
        columns(TemplateFile.template_id, TemplateFile.path, TemplateFile.base)
    ):
        bases.setdefault(number, {})[path] = base
    counts = select(Device.template, func.count()).group_by(col(Device.template))
    used = dict(session.exec(counts).all())
    found = []
    for row in templates:
        word = _relation(viewer, known, row.owner_id)
        if may(viewer, "templates.see", word):
            own = bases.get(row.id or 0, {})
            found.append(
                TemplateRow(
                    row.id or 0,
                    row.name,
                    known[row.owner_id].name,
                    word,
                    row.manufacturer,
                    row.models,
                    row.firmware,
                    len(own),
                    None if word == "higher" else used.get(row.name, 0),
                    bool(outdated(own, defaults)),
                )
            )
    order = ("own", "higher", "child")
    return sorted(found, key=lambda row: (order.index(row.relation), row.name.lower()))


def _relation(viewer: Viewer, known: Mapping[int, Kin], owner_id: int) -> str:
    """`own`, `child` or `higher`: the words of the table of permissions."""
    if owner_id not in known or viewer.role == "terminal":
        return "stranger"
    word = relation(viewer, known[owner_id], known[viewer.account_id])
    return "own" if word == "self" else "child" if is_below(word) else word


def _view(session: Session, viewer: Viewer, template_id: int) -> TemplateView:
    row = session.get(Template, template_id)
    known = kin(session, [viewer.account_id, row.owner_id] if row is not None else [])
    word = _relation(viewer, known, row.owner_id) if row is not None else ""
    if row is None or not may(viewer, "templates.see", word):
        raise NotFound("this template does not exist (any more)")
    query = select(TemplateFile).where(TemplateFile.template_id == template_id)
    files = session.exec(query.order_by(col(TemplateFile.path))).all()
    used = session.exec(_using(func.count(), row.name)).one()
    return TemplateView(
        {name: getattr(row, name) for name in TEMPLATE_FIELDS},
        {file.path: file.text for file in files},
        {file.path: file.base for file in files},
        template_id,
        known[row.owner_id].name,
        word,
        row.version,
        int(used),
        _taken(session, template_id),
    )


def _taken(session: Session, own: int | None) -> frozenset[str]:
    query = select(Template.name).where(col(Template.id).is_distinct_from(own))
    return frozenset(session.exec(query))


def _using(what: Any, name: str) -> Any:
    return select(what).select_from(Device).where(Device.template == name)


def _candidates(session: Session, viewer: Viewer, view: TemplateView) -> Any:
    user, organization = user_and_organization()
    names = ("id", "friendly_name", "model", "firmware", "mac")
    uses_it = (col(Device.template) == view.name).label("uses_it")
    query = columns(*(getattr(Device, name) for name in names), uses_it)
    query = joined(query, user, organization)
    query = query.where(within_reach(viewer, user, organization), col(Line.number).is_not(None))
    if not view.is_default:
        query = query.where(Device.manufacturer == view.values["manufacturer"])
    for name in ("models", "firmware"):
        if wanted := names_in(view.values[name]):
            query = query.where(col(getattr(Device, name.removesuffix("s"))).in_(wanted))
    query = query.order_by(uses_it.desc(), col(Device.friendly_name), col(Device.id))
    return session.execute(query.distinct().limit(_MOST_CANDIDATES))


# -- writing --------------------------------------------------------------------------------------


def _check(wanted: TemplateView, taken: frozenset[str]) -> None:
    """Refused with all that is wrong with a template in itself."""
    found = [Refusal(name, why) for name, why in settings_problems(wanted.values, taken).items()]
    found = found or [Refusal(name, why) for name, why in file_problems(wanted).items()]
    if found:
        raise Refused(found)


def _check_users(session: Session, name: str, wanted: TemplateView) -> None:
    """Refused when a device that uses the template would be left without files."""
    custom, catalog = wanted.custom, default_catalog()
    query = columns(Device.friendly_name, Device.manufacturer, Device.model, Device.firmware)
    left = [
        f"{device} ({model} {firmware})"
        for device, manufacturer, model, firmware in session.execute(
            query.where(col(Device.template) == name).order_by(col(Device.friendly_name))
        )
        if (kind := catalog.find(manufacturer, model, firmware)) and not custom.fits(kind)
    ]
    if left:
        named = in_words(left[:_MOST_NAMED], last="and")
        more = f" and {len(left) - _MOST_NAMED} more" if len(left) > _MOST_NAMED else ""
        reason = f"is used by phones that it would not be for any more: {named}{more}"
        raise Refused([Refusal("models", reason)])


def _changed(stored: TemplateView, wanted: TemplateView) -> list[str]:
    """The names of the settings and files that differ."""
    found = [name for name in TEMPLATE_FIELDS if stored.values[name] != wanted.values[name]]
    paths = sorted(stored.files.keys() | wanted.files.keys())
    return found + [
        path
        for path in paths
        if stored.files.get(path) != wanted.files.get(path)
        or stored.bases.get(path) != wanted.bases.get(path)
    ]


def _tell_devices(session: Session, stored: TemplateView, wanted: TemplateView) -> None:
    """What the devices that use it have to know: its name, and that their files are old. Their
    versions stay, because nothing changed that somebody edits in an open form."""
    values: dict[str, Any] = {}
    if wanted.name != stored.name:
        values["template"] = wanted.name
    if wanted.files != stored.files:
        values |= {"publish_state": "stale", "publish_reason": ""}
    if values:
        users = update(Device).where(col(Device.template) == stored.name)
        session.execute(users.values(**values))


def _write_files(session: Session, template_id: int, wanted: TemplateView) -> None:
    query = select(TemplateFile).where(TemplateFile.template_id == template_id)
    known = {row.path: row for row in session.exec(query)}
    for path, text in wanted.files.items():
        base = wanted.bases.get(path, text)
        row = known.pop(path, None) or TemplateFile(
            template_id=template_id, path=path, text=text, base=base
        )
        row.text, row.base = text, base
        session.add(row)
    for row in known.values():
        session.delete(row)
    session.flush()


def _assign(row: Template, values: Values) -> None:
    for name in TEMPLATE_FIELDS:
        setattr(row, name, values[name])
