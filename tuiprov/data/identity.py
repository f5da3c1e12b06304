"""Which extension a page is about: its number, name and SIP account, and where it belongs.

These fields stand around the page's five sections (`sections.py`), declared the same way.
"""

from typing import Annotated

from sqlmodel import Field as Column

from tuiprov.data.fields import Number, Secret, Text, Values
from tuiprov.data.record import Record


class Identity(Record):
    """Which extension this is and its SIP account."""

    extension: Annotated[
        str,
        Text(
            label="Extension",
            help="Extended number: organization id, a star, local number, e.g. 0027*001.",
            longest=21,
            pattern=r"[0-9]{1,10}(\*[0-9]{1,10})?",
            rule="must be digits, a star and digits, e.g. 0027*001",
        ),
    ] = Column(default="", max_length=21, unique=True)
    extension_name: Annotated[
        str,
        Text(
            label="Extension name",
            help="Who the extension belongs to. The phone shows it and callers see it.",
            takes="phone",
            longest=64,
        ),
    ] = Column(default="", max_length=64)
    sip_username: Annotated[
        str,
        Text(
            label="SIP username",
            help="User part of the SIP account. Empty: the extended number.",
            takes="phone",
            longest=64,
            pattern=r"[A-Za-z0-9._*+~-]+",
            rule="must be letters, digits or . _ * + ~ -",
        ),
    ] = Column(default="", max_length=64, index=True)
    sip_password: Annotated[
        str,
        Secret(
            label="SIP password",
            help="Password of the SIP account. Empty for a new extension: a random one.",
            takes="phone",
            longest=64,
        ),
    ] = Column(default="", max_length=255)
    max_public_concurrent_calls: Annotated[
        int | None,
        Number(
            label="Maximum public concurrent calls",
            help="How many public calls at once. Empty means Unlimited.",
            takes="pbx",
            low=0,
            high=9999,
            empty_means="Unlimited",
        ),
    ] = None


class Placement(Record):
    """Where an extension belongs: words for its accounts and its line on a device (no table of its
    own: accounts and lines are tables)."""

    organization: Annotated[
        str,
        Text(label="Organization", help="The organization the extension belongs to.", longest=64),
    ] = ""
    user: Annotated[
        str, Text(label="User", help="The user account that owns the extension.", longest=64)
    ] = ""
    line: Annotated[
        int | None,
        Number(label="Line", help="Line of the device, from 1.", low=1, high=1000),
    ] = None


def sip_user(values: Values) -> str:
    """The user part of an extension's SIP account: its own, else the extended number."""
    return str(values["sip_username"] or values["extension"])


KNOWN_LATER = "The PBX knows it with the next publish."
"""Said of a new extension where tuiprov writes the PBX's files."""


def added(values: Values) -> str:
    """What is said after adding: word for word from VoipNow's page, *Phone Terminal*."""
    name, number = values["extension_name"], values["extension"]
    who = f"{name} ({number})" if name else str(number)
    return f"Extension {who} has been successfully added."
