"""Who is editing what. It informs; it never keeps anybody from anything.

Whoever has a page open says so every `BEAT_SECONDS`; who ended without a word is gone after
`GONE_SECONDS`.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, insert, update
from sqlmodel import Session, col, or_, select

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.database import Database
from tuiprov.data.page import Page
from tuiprov.data.permissions import needs
from tuiprov.data.together.tables import GONE_SECONDS, Presence, seconds_now


@dataclass(frozen=True, slots=True)
class Other:
    """Somebody else who has the same page open, or another one of the same phone; `host`: "" when
    it is this one."""

    who: str
    host: str
    since: datetime


class Presences:
    """Who has which page open."""

    def __init__(self, database: Database):
        self._database = database
        self._own: set[str] = set()
        """The names that this program goes by: nobody is told of himself."""

    @needs("extensions.see")
    def here(self, viewer: Viewer, page: Page, mine: str) -> tuple[str, Sequence[Other]]:
        """Say that `viewer` has this page open, for the first time (`mine` "") or still; gives the
        name to say it by the next time, and who else is there."""
        with self._database.write() as session:
            now = seconds_now(session)
            place = {"extension_id": page.extension_id, "device_id": page.device_id}
            stay = update(Presence).where(col(Presence.id) == mine).values(seen=now, **place)
            if not mine or not session.execute(stay).rowcount:  # type: ignore[attr-defined]
                session.execute(delete(Presence).where(col(Presence.seen) < now - GONE_SECONDS))
                row = {"who": viewer.label[:80], "host": _host(), "since": now, "seen": now}
                mine = secrets.token_hex(8)
                session.execute(insert(Presence).values(id=mine, **row, **place))
                self._own.add(mine)
            return mine, _others(session, page, mine, now)

    @needs("extensions.see")
    def others(self, viewer: Viewer, page: Page) -> Sequence[Other]:
        """Who has this page open, for who cannot say that they have it too."""
        with self._database.read() as session:
            return _others(session, page, "", seconds_now(session))

    @needs("extensions.see")
    def leave(self, mine: str) -> None:
        """The page of `here` is closed."""
        with self._database.write() as session:
            session.execute(delete(Presence).where(col(Presence.id) == mine))

    @needs("extensions.see")
    def editors(self, viewer: Viewer, ids: Sequence[int]) -> Mapping[int, str]:
        """Extension → who else has its page open, of these extensions (a page of a list)."""
        with self._database.read() as session:
            alive = col(Presence.seen) >= seconds_now(session) - GONE_SECONDS
            query = select(Presence.extension_id, Presence.who).where(
                alive, col(Presence.extension_id).in_(list(ids))
            )
            query = query.where(col(Presence.id).not_in(self._own))
            return {number: who for number, who in session.exec(query) if number is not None}


def _others(session: Session, page: Page, mine: str, now: int) -> Sequence[Other]:
    places = []
    if page.extension_id is not None:
        places.append(col(Presence.extension_id) == page.extension_id)
    if page.device_id is not None:
        places.append(col(Presence.device_id) == page.device_id)
    if not places:
        return ()
    query = select(Presence).where(
        or_(*places),
        col(Presence.id) != mine,
        col(Presence.seen) >= now - GONE_SECONDS,
    )
    host = _host()
    return [
        Other(one.who, "" if one.host == host else one.host, datetime.fromtimestamp(one.since, UTC))
        for one in session.exec(query.order_by(col(Presence.since)))
    ]


def _host() -> str:
    return socket.gethostname()[:64]
