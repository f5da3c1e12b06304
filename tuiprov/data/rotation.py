"""Rotating the key that seals: a new key first, then every record sealed anew, then the old key
goes. Killed at any point, everything can still be read, and the next call goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import update
from sqlmodel import Session, col, select

from tuiprov.data.database import Database
from tuiprov.data.former_passwords import FormerPassword, about_former
from tuiprov.data.history import changes
from tuiprov.data.history.versions import about_content
from tuiprov.data.kept import Content, PbxOptions
from tuiprov.data.models import KeptDraft
from tuiprov.data.pbx_rows import about_options
from tuiprov.data.sealing import Keys
from tuiprov.data.secret_columns import about_draft, seal_rows

_AT_ONCE = 500


def rotate(database: Database) -> int:
    """Seal everything with a new key (or go on with a rotation that was broken off); gives how many
    records. StoreError when the key file cannot be written or a record cannot be opened."""
    keys = database.keys
    if not keys.former:
        keys.add()
    done = 0
    while True:
        with database.write() as session:
            some = seal_rows(session, _AT_ONCE) + _seal_contents(session, keys)
            some += _seal_texts(session, keys) + changes.reseal(session, _AT_ONCE)
        if not some:
            break
        done += some
    keys.forget_former()
    return done


def _seal_contents(session: Session, keys: Keys) -> int:
    current = f"{keys.current}:".encode()
    # By byte order: `;` is the character after `:`.
    stale = (col(Content.sealed) < current) | (col(Content.sealed) >= current[:-1] + b";")
    rows = session.exec(select(Content).where(stale).limit(_AT_ONCE)).all()
    for row in rows:
        subject = about_content(row.digest)
        sealed = keys.seal_bytes(keys.open_bytes(row.sealed, subject), subject)
        where = col(Content.digest) == row.digest
        session.execute(update(Content).where(where).values(sealed=sealed))
    return len(rows)


def _seal_texts(session: Session, keys: Keys) -> int:
    """Drafts that were kept, options of the PBX's and former passwords: all few."""
    done = 0
    for model, column, subject in _TEXTS:
        for row in session.exec(select(model)):
            if not keys.is_current(getattr(row, column)):
                about = subject(row)
                clear = keys.open(getattr(row, column), about)
                setattr(row, column, keys.seal(clear, about))
                session.add(row)
                done += 1
    return done


_TEXTS: Final[Sequence[tuple[Any, str, Callable[[Any], str]]]] = (
    (KeptDraft, "texts", lambda row: about_draft(row.viewer)),
    (PbxOptions, "options", lambda row: about_options(row.extension_id)),
    (FormerPassword, "password", lambda row: about_former(row.extension_id)),
)
"""Table, column, and what its sealed texts are bound to."""
