"""Who did what when: one event for each save, publish and revealed secret; never a secret."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlmodel import Session

if TYPE_CHECKING:
    from tuiprov.data.accounts.viewers import Viewer
    from tuiprov.data.kept import Event


def record(
    session: Session, viewer: Viewer | None, action: str, subject: str, detail: str = ""
) -> Event:
    """Add an event to the session's transaction and give it. `viewer`: None for tuiprov itself;
    `detail`: field names, no values."""
    from tuiprov.data.kept import Event

    event = Event(
        at=datetime.now(UTC),
        who=viewer.label[:80] if viewer is not None else "tuiprov",
        viewer=viewer.key if viewer is not None else None,
        action=action,
        subject=subject[:128],
        detail=detail[:1024],
    )
    session.add(event)
    session.info.setdefault("operation", event)
    return event


def go_on(session: Session, event: Event) -> None:
    """What the session's transaction changes belongs to an operation that was begun in another."""
    session.info["operation"] = event
