"""Tables of what is going on now: who is editing what, and whose files are still being written.

Their moments are whole seconds by the clock of the database (`seconds_now`), so that hosts whose
clocks differ agree about who is still there.
"""

from typing import Final

from sqlalchemy import BigInteger, text
from sqlmodel import Field, Session

from tuiprov.data.record import Record

BEAT_SECONDS: Final = 15
"""How often somebody says that they are still there."""
GONE_SECONDS: Final = 45
"""Who has said nothing for so long is gone: three beats, of which two may be late."""


class Presence(Record, table=True):
    """Somebody has a page open: of an extension, and of the device it is on."""

    id: str = Field(primary_key=True, max_length=16)
    """Random: a number would be given again once its row is gone."""
    who: str = Field(max_length=80)
    host: str = Field(max_length=64)
    extension_id: int | None = Field(
        default=None, foreign_key="extension.id", ondelete="CASCADE", index=True
    )
    device_id: int | None = Field(
        default=None, foreign_key="device.id", ondelete="CASCADE", index=True
    )
    since: int = Field(sa_type=BigInteger)
    seen: int = Field(sa_type=BigInteger)


class Unfinished(Record, table=True):
    """An operation that has stored its data and has not written all of its files yet. Its row is
    there from the transaction that stores the data until the files are done."""

    event_id: int = Field(primary_key=True, foreign_key="event.id", ondelete="CASCADE")
    host: str = Field(max_length=64)
    process: int
    """The number of the process on that host that is at it."""
    seen: int = Field(sa_type=BigInteger)
    """When that process last said that it is at it."""


def seconds_now(session: Session) -> int:
    """Seconds since 1970 by the clock of the database."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    clock = "strftime('%s', 'now')" if is_sqlite else "EXTRACT(EPOCH FROM clock_timestamp())"
    return int(session.execute(text(f"SELECT CAST({clock} AS BIGINT)")).scalar_one())
