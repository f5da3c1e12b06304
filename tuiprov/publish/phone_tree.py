"""A directory of phones' files that another program wrote: which file is whose, and what it says.

Files are told by the MAC address in their names; several with one address are one phone's. What
cannot be read, or is no single phone's, is named with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tuiprov.data.catalog import FormatName, PhoneType, default_catalog
from tuiprov.errors import PublishError, Refusal, Refused, RenderError
from tuiprov.render.formats import Settings
from tuiprov.render.inverse import all_kinds, kinds_for, settings_of

MOST_BYTES: Final = 1024 * 1024
_MAC: Final = re.compile(r"(?<![0-9A-F])([0-9A-F]{2}(?:[-:_.]?[0-9A-F]{2}){5})(?![0-9A-F])", re.I)


@dataclass(frozen=True, slots=True)
class OldPhone:
    """A phone's files: the kinds it may be (the first is taken), and what they say together."""

    mac: str
    paths: tuple[Path, ...]
    kinds: Sequence[PhoneType]
    settings: Settings


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that nothing was taken from, or not all of it, and why."""

    path: Path
    reason: str


def look_through(
    directory: Path, kinds: Sequence[PhoneType] | None = None
) -> tuple[list[OldPhone], list[Unread]]:
    """The phones whose files are in a directory or below it, in the order of their addresses.
    `kinds`: what they can be; None: all. PublishError: it cannot be read."""
    unread: list[Unread] = []
    by_mac: dict[str, list[Path]] = {}
    for path in _files(directory):
        mac = mac_in(path.name)
        if mac:
            by_mac.setdefault(mac, []).append(path)
        else:
            unread.append(Unread(path, "no MAC address in its name: it is no single phone's"))
    phones = []
    for mac, paths in sorted(by_mac.items()):
        phone = _phone(mac, paths, kinds or _kinds_by(mac), unread)
        if phone is not None:
            phones.append(phone)
    return phones, unread


def mac_in(name: str) -> str:
    """The MAC address in a file's name as the page writes it, or ""."""
    found = _MAC.search(name)
    digits = re.sub(r"[^0-9A-Fa-f]", "", found[1]).upper() if found else ""
    is_own = digits and int(digits[:2], 16) % 2 == 0 and int(digits, 16) != 0
    return ":".join(digits[n : n + 2] for n in range(0, 12, 2)) if is_own else ""


def kinds_named(words: str) -> list[PhoneType]:
    """The kinds of phones that `MANUFACTURER/MODEL` or `MANUFACTURER/MODEL/FIRMWARE` names.
    Refused: there are none."""
    wanted = words.lower().split("/")
    found = [
        kind
        for kind in all_kinds()
        if [kind.manufacturer.lower(), kind.model.lower(), kind.firmware.lower()][: len(wanted)]
        == wanted
    ]
    if not found:
        raise Refused([Refusal("", f"{words!r} is not in the catalogue", "--model")])
    return found


def _files(directory: Path) -> Iterator[Path]:
    if not directory.is_dir():
        raise PublishError(f"{directory}: is no directory")
    try:
        yield from sorted(p for p in directory.rglob("*") if p.is_file() and not p.is_symlink())
    except OSError as error:
        raise PublishError(f"{error.filename or directory}: {error.strerror}") from None


def _kinds_by(mac: str) -> list[PhoneType]:
    """The kinds of the address's manufacturer; all where nobody has it."""
    maker = default_catalog().manufacturer_of(mac)
    return [kind for kind in all_kinds() if maker in ("", kind.manufacturer)]


def _phone(
    mac: str, paths: Sequence[Path], kinds: Sequence[PhoneType], unread: list[Unread]
) -> OldPhone | None:
    settings: Settings = {}
    text = ""
    read = []
    formats = {rule.format: None for kind in kinds for rule in kind.facts.files}
    for path in paths:
        try:
            more = _text_of(path)
            found, wrong = _settings(more, list(formats))
        except RenderError as error:
            unread.append(Unread(path, str(error)))
            continue
        if wrong:
            unread.append(Unread(path, f"{wrong} of its lines are no settings"))
        settings |= found
        text += f"{path.name}\n{more}"
        read.append(path)
    fitting = kinds_for(settings, kinds, text)
    if not fitting:
        unread += [Unread(path, "is no file of a phone in the catalogue") for path in read]
        return None
    return OldPhone(mac, tuple(read), fitting, settings)


def _text_of(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise RenderError("is larger than 1 MiB")
        data = path.read_bytes()
    except OSError as error:
        raise RenderError(f"cannot be read: {error.strerror}") from None
    if b"\0" in data:
        raise RenderError("is no text: encrypted or binary")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return data.decode("latin-1").replace("\r\n", "\n")


def _settings(text: str, formats: Sequence[FormatName]) -> tuple[Settings, int]:
    reason = RenderError("is of no format that its manufacturer's phones read")
    for name in formats:
        try:
            found, wrong = settings_of(text, name)
        except RenderError as error:
            reason = error if text.lstrip().startswith("<") and name == "xml" else reason
            continue
        if found:
            return found, wrong
    raise reason
