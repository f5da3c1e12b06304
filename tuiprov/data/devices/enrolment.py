"""First links: a device's enrolment window, which an admin opens and the clock closes.

While it is open the phone may fetch by its first token a file without secrets; the steady token in
there ends it (`serve/verdicts.py` sees that in the fetch log). Opening it again gives a new first
token and a new steady one, so that whoever had the old link has nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlmodel import Session, col, select

from tuiprov.data.among import among
from tuiprov.data.kept import Enrolment, PublishedFile
from tuiprov.data.models import Device
from tuiprov.data.queries import columns
from tuiprov.data.settings import site_of
from tuiprov.data.site import Site
from tuiprov.data.writer import outdate


def new_window(site: Site, device_id: int) -> Enrolment:
    """A window that opens now, with a first token of its own; nothing is stored."""
    now = datetime.now(UTC)
    until = now + timedelta(hours=site.enrolment_hours)
    return Enrolment(device_id=device_id, token=secrets.token_hex(16), opened_at=now, until=until)


def open_window(session: Session, device: Device) -> Enrolment:
    """Open the window of a device anew, for as long as the site says; its files are outdated."""
    fresh = new_window(site_of(session), device.id or 0)
    known = session.merge(fresh)
    device.token = secrets.token_hex(16)
    outdate(device)
    session.add_all((known, device))
    return known


def left_over(session: Session) -> dict[str, int]:
    """Files on record behind first links whose window has closed, each with its device. No phone
    gets them any more (`serve/verdicts.py`); they wait for who takes them from the disk."""
    query = select(PublishedFile.path, Enrolment.device_id)
    query = query.where(
        PublishedFile.device_id == Enrolment.device_id,
        col(PublishedFile.path).startswith("http/" + col(Enrolment.token) + "/"),
        col(PublishedFile.digest) != "",
        col(Enrolment.until) <= datetime.now(UTC),
    )
    return {str(path): device_id for path, device_id in session.execute(query)}


def first_tokens(session: Session, device_ids: Sequence[int]) -> dict[int, str]:
    """The first tokens of those of these devices whose window is open now."""
    query = columns(Enrolment.device_id, Enrolment.token)
    is_open = col(Enrolment.until) > datetime.now(UTC)
    query = query.where(among(Enrolment.device_id, device_ids), is_open)
    session.flush()
    return {row.device_id: row.token for row in session.connection().execute(query)}
