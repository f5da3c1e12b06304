"""What is set on an account (VoipNow: *Roles and Phone Numbers*), each field declared once.

`models.Account` is composed of it; the accounts screen, `tuiprov accounts` and the docs are drawn
from `ACCOUNT_FIELDS`.
"""

from typing import Annotated, Final

from sqlmodel import Field as Column

from tuiprov.data.fields import Choice, Field, Flag, Text, declared
from tuiprov.data.record import Record

LEVELS: Final = (("none", "None"), ("view", "View"), ("modify", "Modify"))


class AccountSettings(Record):
    """Account."""

    name: Annotated[
        str, Text(label="Name", help="The account's name, one of its kind below its parent.")
    ] = Column(default="", max_length=64)
    provision_permission: Annotated[
        str,
        Choice(
            label="Allow to provision devices",
            help="What the account may do with devices, their files and templates. "
            "View sees them, Modify changes them.",
            options=LEVELS,
        ),
    ] = Column(default="none", max_length=8)
    sip_management: Annotated[
        bool,
        Flag(
            label="Phone extension SIP management",
            help="Off: of an extension's SIP preferences only Equipment description is shown.",
        ),
    ] = False
    sip_trunking_management: Annotated[
        bool,
        Flag(
            label="SIP trunking management",
            help="The account may connect a PBX to an extension. "
            "Needs Phone extension SIP management.",
        ),
    ] = False
    os_login: Annotated[
        str,
        Text(
            label="Login on this host",
            help="Whoever runs tuiprov by sudo with this login looks as this account; "
            "several logins with blanks between.",
            longest=64,
            pattern=r"[A-Za-z_][A-Za-z0-9_.-]{0,31}( [A-Za-z_][A-Za-z0-9_.-]{0,31})*",
            rule="must be login names of letters, digits or . _ -, with blanks between",
        ),
    ] = Column(default="", max_length=64)
    provision_after_adding: Annotated[
        bool,
        Flag(
            label="Always provision after adding",
            help="Every extension this account adds goes straight to its provisioning page.",
        ),
    ] = False


ACCOUNT_FIELDS: Final[dict[str, Field]] = declared(AccountSettings)
