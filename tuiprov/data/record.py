"""What every section and every table of the database is made of."""

from __future__ import annotations

from sqlmodel import SQLModel


class Record(SQLModel):
    """A SQLModel whose validator is built when somebody validates with it. Nobody does at the
    start, and building all of them took 15 ms of it."""

    model_config = {"defer_build": True}
