"""What somebody had typed on a page when a session ended, kept to be offered at the next start."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlmodel import col, select

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.database import Database
from tuiprov.data.models import KeptDraft
from tuiprov.data.permissions import needs
from tuiprov.data.secret_columns import about_draft

if TYPE_CHECKING:
    from tuiprov.data.page import Page  # a start asks for drafts before it needs pages


class Drafts:
    """The drafts of a site, each its viewer's own."""

    def __init__(self, database: Database):
        self._database = database

    @needs("drafts.keep")
    def keep(self, viewer: Viewer, page: Page, texts: Mapping[str, str]) -> None:
        """Keep what was typed on a page, to be offered at the next start."""
        sealed = self._database.keys.seal(json.dumps(dict(texts)), about_draft(viewer.own_key))
        with self._database.write() as session:
            session.merge(
                KeptDraft(
                    viewer=viewer.own_key,
                    extension_id=page.extension_id or 0,
                    texts=sealed,
                    extension_version=page.extension_version,
                    kept_at=datetime.now(UTC),
                )
            )

    @needs("drafts.keep")
    def kept(self, viewer: Viewer) -> tuple[int, dict[str, str], datetime] | None:
        """The viewer's latest kept draft: extension id, texts by field, when it was kept."""
        query = select(KeptDraft).where(KeptDraft.viewer == viewer.own_key)
        with self._database.read() as session:
            kept = session.exec(query.order_by(col(KeptDraft.kept_at).desc()).limit(1)).first()
        if kept is None:
            return None
        texts = json.loads(self._database.keys.open(kept.texts, about_draft(viewer.own_key)))
        return kept.extension_id, texts, kept.kept_at

    @needs("drafts.keep")
    def drop(self, viewer: Viewer, extension_id: int) -> None:
        with self._database.write() as session:
            kept = session.get(KeptDraft, (viewer.own_key, extension_id))
            if kept is not None:
                session.delete(kept)
