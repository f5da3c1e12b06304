"""The tables of provisioning templates; imported where templates are used."""

from typing import Any, ClassVar

from sqlmodel import Field

from tuiprov.data.models import version_column
from tuiprov.data.record import Record
from tuiprov.data.templates.fields import TemplateSettings

_version = version_column()


class Template(TemplateSettings, table=True):
    """A provisioning template of an account: files of its own in place of tuiprov's."""

    __tablename__ = "template"
    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": _version}

    id: int | None = Field(default=None, primary_key=True)
    owner_id: int = Field(foreign_key="account.id", index=True)
    version: int = Field(default=1, sa_column=_version)


class TemplateFile(Record, table=True):
    """One file of a template. `base` is the server default it was copied from: when that changes
    with an upgrade, the three can be merged."""

    __tablename__ = "template_file"

    template_id: int = Field(primary_key=True, foreign_key="template.id", ondelete="CASCADE")
    path: str = Field(primary_key=True, max_length=128)
    """Its name among the built-in templates, e.g. yealink/phone.cfg.j2."""
    text: str
    base: str
