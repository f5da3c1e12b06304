"""Alembic's entry: run the migrations on the connection that `Database.make` hands over."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

import tuiprov.data.former_passwords
import tuiprov.data.kept
import tuiprov.data.models
import tuiprov.data.rollouts.tables
import tuiprov.data.settings
import tuiprov.data.templates.tables
import tuiprov.data.together.tables
import tuiprov.data.views  # noqa: F401  the tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
