"""Old files that phones go on with when they are adopted: which these are, and taking them on
record as they are.

A file is kept under the name that tuiprov publishes for this phone, at the path where it does; what
lies there already stays in its place. Nothing is kept over what is published or lies there.
"""

from __future__ import annotations

import os
import re
import stat
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.catalog import default_catalog
from tuiprov.data.history import events as history
from tuiprov.data.history.adopted import COPIED, keeping
from tuiprov.data.history.versions import KEPT, Wanted, in_parts, want
from tuiprov.data.kept import Enrolment, PublishedFile
from tuiprov.data.models import Device, Extension, Line
from tuiprov.data.page import Phone
from tuiprov.data.queries import columns
from tuiprov.data.site import Site
from tuiprov.errors import PublishError
from tuiprov.publish.apply import mode_of
from tuiprov.publish.phone_tree import OldPhone, Unread, digest, read_bytes
from tuiprov.publish.plan import Change, Plan
from tuiprov.publish.publishing import follow_program
from tuiprov.publish.tree import Tree, tree_of
from tuiprov.render.inverse import Found
from tuiprov.render.links import file_name, published_path
from tuiprov.render.probe import phone_of

_WORDS = re.compile(r"[\w.+-]+")
_MEANWHILE = "look again: nothing was adopted"


@dataclass(frozen=True, slots=True)
class KeptFile:
    """An old file that a phone keeps: where it was found, the name under which tuiprov publishes
    it, whether all phones of the family share it, the digest of what was looked at."""

    source: Path
    name: str
    is_shared: bool
    digest: bytes


@dataclass
class Chosen:
    """The files that are kept, by the phone's MAC address, and those that are not, and why."""

    files: dict[str, list[KeptFile]] = field(default_factory=lambda: defaultdict(list))
    left: list[Unread] = field(default_factory=list)
    modes: Counter[str] = field(default_factory=Counter)
    """Changes of mode, and of how many files."""
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class OnRecord:
    """Kept files that are on record: what is to be done on disk, the devices, and how many of the
    files lie there already."""

    changes: Sequence[Change]
    devices: Sequence[int]
    there: int


@dataclass(frozen=True)
class _Placed:
    """A kept file at its path in the publish tree."""

    path: str
    device_id: int | None
    data: bytes
    is_there: bool
    """Is it in the tree already?"""


# -- choosing -------------------------------------------------------------------------------------


def choose(
    session: Session,
    site: Site,
    phones: Sequence[tuple[OldPhone, Found]],
    loose: Collection[Path],
) -> Chosen:
    """Which files these phones keep. `loose`: files that are no single phone's."""
    chosen = Chosen()
    ours = _with_files(session, [one.mac for one, _ in phones])
    shared: set[str] = set()
    for old, found in phones:
        if old.mac in ours:
            chosen.left += [Unread(path, ours[old.mac]) for path in old.files]
            continue
        _choose_own(chosen, site, old, found)
        if chosen.files.get(old.mac):
            _choose_shared(session, chosen, site, old, found, loose, shared)
    chosen.notes += (
        f"{count} file{'s' if count > 1 else ''}: mode {change} (settings: world_readable, "
        "publish_group)"
        for change, count in chosen.modes.items()
    )
    chosen.notes += _left_behind(chosen, site, loose)
    return chosen


def _left_behind(chosen: Chosen, site: Site, loose: Collection[Path]) -> Iterator[str]:
    """That kept files name others which are not where phones would look for them."""
    kept = {file.name for files in chosen.files.values() for file in files}
    others = {path.name for path in loose} | {one.path.name for one in chosen.left}
    directory = Path(site.publish_root) / "tftp"
    behind = {name for name in others - kept if not (directory / name).exists()}
    named: Counter[str] = Counter()
    for files in chosen.files.values() if behind else ():
        texts = (read_bytes(file.source).decode("latin-1") for file in files)
        named.update(behind & {word for text in texts for word in _WORDS.findall(text)})
    for name, count in named.most_common():
        phones = f"files of {count} phones name" if count > 1 else "a phone's file names"
        yield f"{name} stays behind, and {phones} it: copy it to {directory}"


def _choose_own(chosen: Chosen, site: Site, old: OldPhone, found: Found) -> None:
    phone = phone_of(found.device, found.lines, site)
    unused = dict(old.files)
    for rule in found.kind.facts.files:
        name = file_name(rule, phone, found.kind)
        sources = _named(name, old.files) if rule.scope == "device" else []
        for source in sources:
            unused.pop(source, None)
        if len({old.files[source] for source in sources}) > 1:
            why = "another file of this name says something else: neither is kept"
            chosen.left += [Unread(source, why) for source in sources]
        elif sources:
            file = KeptFile(sources[0], name, False, old.files[sources[0]])
            _keep(chosen, site, old.mac, file, published_path(name, phone))
    why = "tuiprov publishes no file of this name for this phone: it stays where it is"
    chosen.left += [Unread(path, why) for path in unused]


def _choose_shared(
    session: Session,
    chosen: Chosen,
    site: Site,
    old: OldPhone,
    found: Found,
    loose: Collection[Path],
    known: set[str],
) -> None:
    """The files of the site that this phone reads too, looked at once for all phones of its
    protocol."""
    phone = phone_of(found.device, found.lines, site)
    for rule in found.kind.facts.files:
        name = file_name(rule, phone, found.kind)
        source = old.paths[0].parent / name
        if rule.scope != "site" or source not in loose:
            continue
        path = published_path(name, phone)
        if path in known:
            continue
        is_shared = path.startswith("tftp/")
        if is_shared:
            known.add(path)
            if session.get(PublishedFile, path) is not None:
                chosen.left.append(Unread(source, "tuiprov publishes a file of this name already"))
                continue
        file = KeptFile(source, name, is_shared, digest(read_bytes(source)))
        _keep(chosen, site, old.mac, file, path)


def _keep(chosen: Chosen, site: Site, mac: str, file: KeptFile, path: str) -> None:
    """Keep a file, unless something else lies where it would be."""
    try:
        there = tree_of(site).read(path)
    except PublishError as error:
        chosen.left.append(Unread(file.source, f"is not kept: {error}"))
        return
    if there is not None and digest(there) != file.digest:
        why = f"is not kept: {site.publish_root}/{path} is there already and says something else"
        chosen.left.append(Unread(file.source, why))
        return
    chosen.files[mac].append(file)
    if there is not None and _mode(site, path) != mode_of(site, path):
        chosen.modes[f"{_mode(site, path):04o} becomes {mode_of(site, path):04o}"] += 1


def _named(name: str, files: Mapping[Path, bytes]) -> list[Path]:
    """The files of this name; where there is none, those whose name is spelled otherwise only in
    upper and lower case."""
    exact = [path for path in files if path.name == name]
    return exact or [path for path in files if path.name.lower() == name.lower()]


def _mode(site: Site, path: str) -> int:
    return stat.S_IMODE(os.lstat(Path(site.publish_root) / path).st_mode)


def _with_files(session: Session, macs: Sequence[str]) -> dict[str, str]:
    """Those of these MAC addresses whose device keeps no old files, and why."""
    found: dict[str, str] = {}
    for some in in_parts(macs):
        query = columns(Device.mac, Device.status, PublishedFile.path)
        query = query.outerjoin(PublishedFile, col(PublishedFile.device_id) == col(Device.id))
        for mac, status, path in session.execute(query.where(col(Device.mac).in_(some))):
            if path is not None:
                found[mac] = "tuiprov publishes this phone's files already"
            elif status != "enabled":
                found[mac] = "its device is disabled here"
    return found


def not_writable(site: Site) -> str:
    """Why no phone's file can be put into the publish tree, or ""."""
    for name in ("", "tftp", "http"):
        directory = Path(site.publish_root) / name
        if directory.exists() and not os.access(directory, os.W_OK | os.X_OK):
            return f"{directory}: you may not write here; nothing was adopted"
    return ""


# -- beside a plan --------------------------------------------------------------------------------


def readers_told(session: Session, made: Plan) -> Iterator[str]:
    """What to say of files of the site that a plan replaces: that phones read them too which keep
    their own files as they are."""
    names = {
        one.path.removeprefix("tftp/")
        for one in made.changes
        if one.device_id is None and one.kind == "replace" and one.path.startswith("tftp/")
    }
    kept = keeping(session, ["published"]) - set(made.seen) if names else set()
    readers: Counter[str] = Counter()
    for some in in_parts(sorted(kept)):
        kind = (Device.manufacturer, Device.model, Device.firmware)
        query = columns(*kind).where(
            col(Device.id).in_(some), col(Device.update_protocol) == "tftp"
        )
        for manufacturer, model, firmware in session.execute(query):
            found = default_catalog().find(manufacturer, model, firmware)
            rules = found.facts.files if found is not None else ()
            readers.update(rule.name for rule in rules if rule.name in names)
    for name, count in sorted(readers.items()):
        phones = f"{count} phones that keep their" if count > 1 else "a phone that keeps its"
        yield f"{name} is read by {phones} old files, too."


# -- taking them on record ------------------------------------------------------------------------


def put_on_record(
    session: Session,
    viewer: Viewer,
    site: Site,
    files: Mapping[str, Sequence[KeptFile]],
    numbers: Mapping[str, str],
    why: str,
) -> OnRecord:
    """Record the files that phones keep, as versions of their own. `files`: by MAC address;
    `numbers`: an extension of each. The caller holds the lock. PublishError: something is not as it
    was looked at."""
    devices = _devices(session, site, {numbers[mac]: mac for mac in files})
    placed = list(_placed(session, site, files, devices))
    follow_program(session)
    for action, is_there in ((KEPT, True), (COPIED, False)):
        some = [one for one in placed if one.is_there == is_there]
        if some:
            detail = f"{len(some)} files" if len(some) > 1 else some[0].path
            event = history.record(session, viewer, action, why, detail)
            session.flush()
            wanted = [Wanted(one.path, one.device_id, one.data) for one in some]
            want(session, wanted, viewer.label, event.id or 0)
    ids = [phone.device_id or 0 for phone in devices.values()]
    for part in in_parts(ids):
        # A first link would lead nowhere: its file is one of ours.
        session.execute(delete(Enrolment).where(col(Enrolment.device_id).in_(part)))
        known = update(Device).where(col(Device.id).in_(part))
        session.execute(known.values(publish_state="publishing", publish_reason=""))
    changes = [_change(one) for one in placed if _is_to_be_put(site, one)]
    return OnRecord(changes, ids, sum(one.is_there for one in placed))


def settle(session: Session, devices: Sequence[int]) -> None:
    """The kept files of these devices are in their places. A device that somebody has changed
    meanwhile stays stale."""
    values = {"publish_state": "published", "published_at": datetime.now(UTC)}
    for some in in_parts(devices):
        known = update(Device).where(col(Device.id).in_(some))
        session.execute(known.where(col(Device.publish_state) == "publishing").values(**values))


def _placed(
    session: Session,
    site: Site,
    files: Mapping[str, Sequence[KeptFile]],
    devices: Mapping[str, Phone],
) -> Iterator[_Placed]:
    tree = tree_of(site)
    placed = [_place(tree, file, devices[mac]) for mac, kept in files.items() for file in kept]
    for some in in_parts([one.path for one in placed]):
        query = select(PublishedFile.path).where(col(PublishedFile.path).in_(some))
        for path in session.exec(query.limit(1)):
            raise PublishError(f"{path} was published meanwhile; {_MEANWHILE}")
    yield from placed


def _place(tree: Tree, file: KeptFile, phone: Phone) -> _Placed:
    data = read_bytes(file.source)
    if digest(data) != file.digest:
        raise PublishError(f"{file.source} has changed since; {_MEANWHILE}")
    path = published_path(file.name, phone)
    there = tree.read(path)
    if there not in (None, data):
        raise PublishError(f"{tree.root / path} was written meanwhile; {_MEANWHILE}")
    return _Placed(path, None if file.is_shared else phone.device_id, data, there is not None)


def _devices(session: Session, site: Site, macs: Mapping[str, str]) -> dict[str, Phone]:
    """By MAC address the devices that these extensions are on, as far as a path hangs on them.
    `macs`: by the extension's number."""
    names = ("mac", "status", "update_protocol", "mac_based_provisioning")
    fields = [getattr(Device, name) for name in names]
    found: dict[str, Phone] = {}
    for some in in_parts(list(macs)):
        query = columns(Extension.extension, Device.id, Device.token, *fields)
        query = query.join(Line, col(Line.extension_id) == col(Extension.id))
        query = query.join(Device, col(Line.device_id) == col(Device.id))
        query = query.where(col(Extension.extension).in_(some))
        for number, device_id, token, *values in session.execute(query):
            known = dict(zip(names, values, strict=True))
            if known["status"] == "enabled" and known["mac"] == macs[number]:
                found[macs[number]] = Phone(known, (), site, token, device_id)
    if missing := sorted(set(macs.values()) - found.keys()):
        raise PublishError(f"{missing[0]} was changed meanwhile; {_MEANWHILE}")
    return found


def _is_to_be_put(site: Site, one: _Placed) -> bool:
    return not one.is_there or _mode(site, one.path) != mode_of(site, one.path)


def _change(one: _Placed) -> Change:
    return Change("replace" if one.is_there else "write", one.path, one.device_id, one.data)
