"""What the list of extensions can show of each besides its own columns: the fields of its page that
the viewer is shown, and when its phone was published and last fetched. Never a secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func
from sqlmodel import Session, col

from tuiprov.data.accounts.viewers import Viewer, user_and_organization, within_reach
from tuiprov.data.filters import AGES, column_of, is_shown
from tuiprov.data.models import Device, Extension
from tuiprov.data.queries import columns, joined
from tuiprov.data.sections import FIELDS
from tuiprov.text import local_time

OWN: Final = ("state", "extension", "name", "organization", "user", "phone", "line", "mac")
"""The columns that the rows of the list have themselves (`store.ExtensionRow`)."""
_OF_DEVICE: Final = ("state", "phone", "line", "mac")
_IS_OWN: Final = frozenset({"extension_name", *OWN})


def available(viewer: Viewer) -> tuple[str, ...]:
    """The names of all columns that this viewer may choose, the list's own first."""
    own = [name for name in OWN if name not in _OF_DEVICE or is_shown("state", viewer)]
    fields = [name for name, one in FIELDS.items() if name not in _IS_OWN and not one.secret]
    return (*own, *(name for name in (*AGES, *fields) if is_shown(name, viewer)))


def extension_values(
    session: Session, viewer: Viewer, ids: Sequence[int], names: Sequence[str]
) -> dict[int, dict[str, str]]:
    """The texts of these columns for those of the extensions that the viewer sees: two queries,
    whatever their number. A name that is not `available` has none."""
    known = [name for name in names if name in available(viewer) and name in FIELDS]
    user, organization = user_and_organization()
    asked = [column_of(name, user, organization) for name in known]
    query = columns(Extension.id, Device.id, Device.published_at, *asked)
    query = joined(query, user, organization).where(
        col(Extension.id).in_(list(ids)), within_reach(viewer, user, organization)
    )
    rows = session.execute(query).all()
    sees_ages = is_shown("fetched", viewer)
    fetched: Mapping[int, datetime] = {}
    if sees_ages and "fetched" in names:
        fetched = _last_fetched(session, [row[1] for row in rows if row[1] is not None])
    found: dict[int, dict[str, str]] = {}
    for extension_id, device_id, published, *values in rows:
        texts = {
            name: FIELDS[name].text(value) if value is not None else ""
            for name, value in zip(known, values, strict=True)
        }
        if sees_ages:
            texts |= {
                "published": local_time(published),
                "fetched": local_time(fetched.get(device_id)),
            }
        found[extension_id] = texts
    return found


def _last_fetched(session: Session, device_ids: Sequence[int]) -> dict[int, Any]:
    from tuiprov.data.kept import Fetch

    query = columns(Fetch.device_id, func.max(Fetch.at)).where(
        col(Fetch.device_id).in_(list(device_ids)), col(Fetch.version_id).is_not(None)
    )
    return dict(iter(session.execute(query.group_by(col(Fetch.device_id)))))
