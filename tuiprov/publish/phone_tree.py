"""A directory of phones' files that another program wrote: which file is whose, and what it says.

Files are told by the MAC address in their names; several with one address are one phone's. What
cannot be read, or is no single phone's, is named with the reason.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

from tuiprov.data.catalog import FormatName, PhoneType, default_catalog
from tuiprov.errors import PublishError, Refusal, Refused, RenderError
from tuiprov.publish.tree import Tree
from tuiprov.render.formats import Settings
from tuiprov.render.inverse import all_kinds, kinds_for, models_in
from tuiprov.render.probe import settings_of

NO_MAC: Final = "no MAC address in its name: it is no single phone's"
MOST_BYTES: Final = 1024 * 1024
_MAC: Final = re.compile(r"(?<![0-9A-F])([0-9A-F]{2}(?:[-:_.]?[0-9A-F]{2}){5})(?![0-9A-F])", re.I)


@dataclass(frozen=True, slots=True)
class OldPhone:
    """A phone's own files: the kinds it may be (the first is taken), and what they say together
    with those that it shares."""

    mac: str
    files: Mapping[Path, bytes]
    """Each with the digest of its bytes."""
    kinds: Sequence[PhoneType]
    settings: Settings

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(self.files)


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
        if path.is_symlink():
            unread.append(Unread(path, "is a symbolic link: only real files are read"))
        elif mac:
            by_mac.setdefault(mac, []).append(path)
        else:
            unread.append(Unread(path, NO_MAC))
    phones = []
    known: Known = {}
    tree = Tree(directory)
    for mac, paths in sorted(by_mac.items()):
        phone = _phone(tree, mac, paths, kinds or _kinds_by(mac), known, unread)
        if phone is not None:
            phones.append(phone)
    shared = _Shared(tree, {one.path for one in unread if one.reason == NO_MAC})
    return [shared.read_by(phone) for phone in phones], unread


class _Shared:
    """The files that all phones of a family read, each read once."""

    def __init__(self, tree: Tree, loose: Set[Path]):
        self._tree, self._loose = tree, loose
        self._known: dict[Path, Settings] = {}

    def read_by(self, phone: OldPhone) -> OldPhone:
        """The phone with what these files say besides its own, which count for more."""
        settings: Settings = {}
        for rule in phone.kinds[0].facts.files:
            path = phone.paths[0].parent / rule.name
            if rule.scope == "site" and path in self._loose:
                settings |= self._settings(path, rule.format)
        return replace(phone, settings=settings | phone.settings) if settings else phone

    def _settings(self, path: Path, format_name: FormatName) -> Settings:
        if path not in self._known:
            try:
                found, _ = settings_of(_text_of(_bytes_of(self._tree, path)), format_name)
            except RenderError:
                found = {}
            self._known[path] = found
        return self._known[path]


Known = dict[tuple[frozenset[str], frozenset[str], str], Sequence[PhoneType]]
"""Kinds that were told from a file before: files with the same settings filled in, of a maker's
phones and naming the same models, are of the same kind."""


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
        yield from sorted(p for p in directory.rglob("*") if p.is_symlink() or p.is_file())
    except OSError as error:
        raise PublishError(f"{error.filename or directory}: {error.strerror}") from None


def _kinds_by(mac: str) -> list[PhoneType]:
    """The kinds of the address's manufacturer; all where nobody has it."""
    return _kinds_of(default_catalog().manufacturer_of(mac))


@cache
def _kinds_of(maker: str) -> list[PhoneType]:
    return [kind for kind in all_kinds() if maker in ("", kind.manufacturer)]


def _phone(
    tree: Tree,
    mac: str,
    paths: Sequence[Path],
    kinds: Sequence[PhoneType],
    known: Known,
    unread: list[Unread],
) -> OldPhone | None:
    settings: Settings = {}
    text = ""
    read: dict[Path, bytes] = {}
    formats = {rule.format: None for kind in kinds for rule in kind.facts.files}
    for path in paths:
        try:
            data = _bytes_of(tree, path)
            more = _text_of(data)
            found, wrong = _settings(more, list(formats))
        except RenderError as error:
            unread.append(Unread(path, str(error)))
            continue
        if wrong:
            unread.append(Unread(path, f"{wrong} of its lines are no settings"))
        settings |= found
        text += f"{path.name}\n{more}"
        read[path] = digest(data)
    models = models_in(text, kinds)
    filled = frozenset(name for name, value in settings.items() if value)
    key = filled, models, kinds[0].manufacturer
    if key not in known:
        known[key] = kinds_for(settings, kinds, models)
    fitting = known[key]
    if not fitting:
        unread += [Unread(path, "is no file of a phone in the catalogue") for path in read]
        return None
    return OldPhone(mac, read, fitting, settings)


def read_bytes(path: Path) -> bytes:
    """The bytes of one old file as it is now; PublishError: it is gone, or no plain file."""
    data = Tree(path.parent).read(path.name)
    if data is None:
        raise PublishError(f"{path}: is gone")
    return data


def digest(data: bytes) -> bytes:
    """Tells whether a file is still what was looked at."""
    return hashlib.blake2b(data, digest_size=16).digest()


def _bytes_of(tree: Tree, path: Path) -> bytes:
    try:
        if path.lstat().st_size > MOST_BYTES:
            raise RenderError("is larger than 1 MiB")
        data = tree.read(str(path.relative_to(tree.root)))
    except OSError as error:
        raise RenderError(f"cannot be read: {error.strerror}") from None
    except PublishError as error:
        raise RenderError(f"cannot be read: {error}") from None
    if data is None:
        raise RenderError("is gone")
    return data


def _text_of(data: bytes) -> str:
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
