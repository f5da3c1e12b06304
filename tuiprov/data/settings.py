"""The system-wide settings: their table, what they are, what they would be, changing them.

Apart from `models.py`, because the list that a start ends with does without them. Who calls asks
for permission.
"""

from typing import Any, ClassVar

from sqlalchemy import update
from sqlmodel import Field, Session

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.fields import Values
from tuiprov.data.history import events as history
from tuiprov.data.models import Device, version_column
from tuiprov.data.site import PHONE_FIELDS, SITE_FIELDS, Site, check_site
from tuiprov.errors import Conflict, Refusal, Refused

_version = version_column()


class SystemSettings(Site, table=True):
    """The one row of system-wide settings."""

    __tablename__ = "system_settings"
    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": _version}

    id: int = Field(default=1, primary_key=True)
    rendered_by: str = Field(default="", max_length=64)
    """Which catalogue and templates the published files were made with (`engine.fingerprint`)."""
    version: int = Field(default=1, sa_column=_version)


def site_of(session: Session) -> Site:
    """The settings as plain data, without the table's own columns; unchecked, so that even what a
    stranger's hand put there can be shown and mended. On a host with a publish tree of its own that
    is its root."""
    row = session.get_one(SystemSettings, 1)
    values = {name: getattr(row, name) for name in SITE_FIELDS}
    values["publish_root"] = session.info["publish_root"] or values["publish_root"]
    return Site.model_construct(**values)


def has_several_trees(session: Session) -> bool:
    """May there be published files on other hosts than this one?"""
    return bool(session.info["publish_root"]) or session.get_bind().dialect.name != "sqlite"


def proposed_site(session: Session, values: Values) -> Site:
    """The settings with `values` in them, not stored. Refused names each that is wrong."""
    own = session.info["publish_root"]
    if own and values.get("publish_root", own) != own:
        told = f"this host keeps its files in {own}, as its configuration file says"
        raise Refused([Refusal("publish_root", told)])
    site = site_of(session).model_copy(update=dict(values))
    found = check_site(site)
    if found:
        raise Refused(found)
    return site


def change_site(session: Session, viewer: Viewer, values: Values, seen: Site | None = None) -> Site:
    """Change settings; a change that reaches phones makes every device stale. Refused as
    `proposed_site`; Conflict: they are not what was `seen` any more."""
    if seen is not None and seen != site_of(session):
        raise Conflict("somebody else changed the preferences meanwhile; nothing was saved")
    proposed_site(session, values)
    row = session.get_one(SystemSettings, 1)
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        session.add(row)
        history.record(session, viewer, "settings", "", " ".join(changed))
    if not PHONE_FIELDS.isdisjoint(changed):
        session.execute(update(Device).values(publish_state="stale", publish_reason=""))
    session.flush()
    return site_of(session)
