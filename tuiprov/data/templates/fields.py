"""What is said of a provisioning template: its name and the phones it is for, declared once.

`models.Template` is composed of it; the templates screen, `template.toml` in an exported folder and
the docs are drawn from `TEMPLATE_FIELDS`.
"""

from typing import Annotated, Final

from sqlmodel import Field as Column

from tuiprov.data.fields import Choice, Field, Text, declared
from tuiprov.data.record import Record


class TemplateSettings(Record):
    """Provisioning template."""

    name: Annotated[
        str,
        Text(
            label="Name",
            help="One of its kind on this site; devices, CSV files and `tuiprov set` use it.",
            longest=64,
        ),
    ] = Column(default="", max_length=64, unique=True)
    manufacturer: Annotated[
        str, Choice(label="Manufacturer", help="Whose phones the files are for.")
    ] = Column(default="", max_length=64)
    models: Annotated[
        str,
        Text(
            label="Models",
            help="Models the files are for, separated by commas. Empty: all of the manufacturer's "
            "that use these files.",
            longest=1024,
        ),
    ] = Column(default="", max_length=1024)
    firmware: Annotated[
        str,
        Text(
            label="Firmware/Version",
            help="Firmware generations the files are for, separated by commas. Empty: all.",
            longest=255,
        ),
    ] = Column(default="", max_length=255)
    notes: Annotated[str, Text(label="Notes", help="What is different in it, and why.")] = Column(
        default="", max_length=255
    )


TEMPLATE_FIELDS: Final[dict[str, Field]] = declared(TemplateSettings)
