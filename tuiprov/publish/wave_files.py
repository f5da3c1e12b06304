"""What a wave does to files: what was there before it, what it published, who fetched that, and the
plan that brings the files of before back.

The PBX's files are one text for all extensions, so of these a wave remembers the blocks that it
changed: going back leaves what others published meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, update
from sqlmodel import Session, col, select

from tuiprov.data.history.versions import GONE, content, in_parts, keep
from tuiprov.data.kept import Enrolment, Fetch, FileVersion, PbxEntry
from tuiprov.data.models import Device, Extension, Line
from tuiprov.data.queries import columns
from tuiprov.data.rollouts.tables import RolloutFile
from tuiprov.data.rollouts.waves import RolloutRow, WaveDevice
from tuiprov.data.sealing import keys_of
from tuiprov.data.settings import site_of
from tuiprov.data.store import Store
from tuiprov.pbx.blocks import join, split, split_any
from tuiprov.pbx.kinds import PbxFile, pbx_of
from tuiprov.publish.pbx_files import made_by
from tuiprov.publish.plan import Change, PbxSeen, Plan, is_of_pbx
from tuiprov.publish.planning import plan_devices
from tuiprov.publish.tree import Tree, tree_of
from tuiprov.publish.waves import Seen, Standing, nothing_planned, planned_files

_BY_HTTP = "http/"


def plan_wave(
    store: Store, row: RolloutRow, devices: Sequence[WaveDevice]
) -> tuple[Plan, dict[int, str]]:
    """The plan of the wave that is due, made of what is stored now; and the devices that are left
    out of it, each with the reason: their files are not what the admin was shown. Files that phones
    share are in the last one, because phones that fetch by TFTP are (`waves.cut`)."""
    rest = row.extensions if row.wave == row.waves else ()
    left: dict[int, str] = {}
    digest = store.database.keys.digest
    while True:
        kept = [one for one in devices if one.device_id not in left]
        made = plan_devices(store, [one.device_id for one in kept], extensions=rest)
        files, none = planned_files(made, digest), nothing_planned(digest)
        wrong = dict(made.failed)
        for one in kept:
            if files.get(one.device_id, none) != one.planned:
                wrong.setdefault(one.device_id, "changed since it was planned: plan it again")
        if not wrong:
            return made, left
        left |= wrong  # planned anew without them, or the PBX would be told of them all the same


# -- before and after -----------------------------------------------------------------------------


def remember(session: Session, rollout_id: int, wave: int, made: Plan) -> None:
    """Write down what is on disk in the place of all that this plan is about to change."""
    site, keys = site_of(session), keys_of(session)
    tree = tree_of(site)
    forget_unpublished(session, rollout_id, wave)
    rows: list[dict[str, Any]] = []
    kept: dict[str, bytes] = {}

    def digest_of(data: bytes | None) -> str:
        if data is None:
            return GONE
        digest = keys.digest(data)
        kept[digest] = data
        return digest

    due = _due(session, made)
    for one in made.changes:
        if is_of_pbx(one):
            continue
        after = GONE if one.kind == "delete" else keys.digest(one.data)
        rows.append(
            {
                "device_id": one.device_id,
                "path": one.path,
                "block": "",
                "before": digest_of(tree.read(one.path)),
                "after": after,
                "is_due": one.path in due,
            }
        )
    for path, number, old, new in _changed_blocks(made):
        pair = {"before": digest_of(old), "after": GONE if new is None else keys.digest(new)}
        rows.append({"device_id": None, "path": path, "block": number, "is_due": False, **pair})
    keep(session, kept)
    if rows:
        same = {"rollout_id": rollout_id, "wave": wave}
        session.execute(insert(RolloutFile), [{**row, **same} for row in rows])


def settle(session: Session, rollout_id: int, wave: int) -> set[int]:
    """Look which files of the wave are on record now, and forget the others; gives the devices
    that have theirs. A publish records all of its files at once, or none."""
    rows = session.exec(_files(rollout_id, [wave]).where(col(RolloutFile.version_id).is_(None)))
    files = [one for one in rows if not one.block]
    latest = _latest(session, [one.path for one in files])
    published = [one for one in files if latest.get(one.path, (0, ""))[1] == one.after]
    if published:
        session.execute(
            update(RolloutFile),
            [{"id": one.id, "version_id": latest[one.path][0]} for one in published],
        )
    else:
        forget_unpublished(session, rollout_id, wave)
    missing = {one.device_id for one in files} - {one.device_id for one in published}
    late = [one.id for one in files if one.device_id in missing and one not in published]
    for some in in_parts(late):
        session.execute(delete(RolloutFile).where(col(RolloutFile.id).in_(some)))
    return {one.device_id for one in published if one.device_id} - missing


def forget_unpublished(session: Session, rollout_id: int, wave: int) -> None:
    """Drop what was remembered for a publish that did not come about."""
    mine = delete(RolloutFile).where(col(RolloutFile.rollout_id) == rollout_id)
    mine = mine.where(col(RolloutFile.wave) == wave, col(RolloutFile.version_id).is_(None))
    session.execute(mine.where(col(RolloutFile.block) == ""))  # a block tells by itself


def _due(session: Session, made: Plan) -> set[str]:
    """The files of a plan that their phones have to fetch: those that they have fetched before,
    for phones do not ask for all that lies there for them. Of a phone that never fetched any of
    them, all; but for the first files of an enrolment, which it may not need any more."""
    own: dict[int, list[str]] = {}
    for one in made.changes:
        if one.device_id is not None and one.kind != "delete" and one.path.startswith(_BY_HTTP):
            own.setdefault(one.device_id, []).append(one.path)
    known: set[str] = set()
    first: set[str] = set()
    for some in in_parts(list(own)):
        query = columns(Fetch.file).where(col(Fetch.device_id).in_(some))
        known |= {
            row[0]
            for row in session.execute(query.where(col(Fetch.verdict) == "served").distinct())
        }
        tokens = select(Enrolment.token).where(col(Enrolment.device_id).in_(some))
        first |= set(session.exec(tokens))
    due: set[str] = set()
    for paths in own.values():
        steady = [path for path in paths if path.split("/")[1] not in first]
        due |= {path for path in paths if path in known} or set(steady)
    return due


def _changed_blocks(made: Plan) -> Iterator[tuple[str, str, bytes | None, bytes | None]]:
    """Path, extension's number, its block before and after, of each that a plan changes."""
    if made.pbx is None:
        return
    for file in _pbx_files(made.pbx):
        change = next((one for one in made.changes if one.path == file.path), None)
        if change is None or change.kind == "delete":
            continue
        words, data = made_by(made.pbx.site), made.pbx.before.get(file.path)
        text = (data or b"").decode()
        before = split(file, text, words) or split_any(file, text)
        if data and not before and split(file, text, words) is None:
            continue  # not ours: there is nothing to go back to
        after = split(file, change.data.decode(), words) or {}
        for number in sorted(before.keys() | after.keys()):
            one, two = before.get(number), after.get(number)
            if one != two:
                yield file.path, number, _bytes(one), _bytes(two)


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode()


def _pbx_files(seen: PbxSeen) -> Sequence[PbxFile]:
    pbx = pbx_of(seen.site)
    return pbx.files(seen.site) if pbx is not None else ()


def _files(rollout_id: int, waves: Collection[int]) -> Any:
    query = select(RolloutFile).where(col(RolloutFile.rollout_id) == rollout_id)
    return query.where(col(RolloutFile.wave).in_(list(waves))).order_by(col(RolloutFile.id))


def _latest(session: Session, paths: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Path → the id and digest of its latest version."""
    found: dict[str, tuple[int, str]] = {}
    for some in in_parts(sorted(set(paths))):
        ids = select(func.max(FileVersion.id)).where(col(FileVersion.path).in_(some))
        ids = ids.group_by(col(FileVersion.path))
        query = columns(FileVersion.path, FileVersion.id, FileVersion.digest)
        for path, number, digest in session.execute(query.where(col(FileVersion.id).in_(ids))):
            found[path] = (number, digest)
    return found


# -- who fetched what -----------------------------------------------------------------------------


class Watch:
    """The fetch log, followed for the files of a rollout: each line is read once."""

    def __init__(self) -> None:
        self._read_to = 0
        self._newest = -1
        self._due: dict[int, dict[str, int]] = {}
        self._got: dict[int, dict[str, datetime]] = {}
        self._overtaken: set[int] = set()

    def follow(self, session: Session, rollout_id: int, waves: Collection[int]) -> None:
        """Take in which files are published by now."""
        self._due, self._newest, self._read_to = {}, -1, 0
        for one in session.exec(_files(rollout_id, waves)):
            if one.device_id and one.version_id and one.after != GONE:
                due = self._due.setdefault(one.device_id, {})
                if one.is_due:
                    due[one.path] = one.version_id

    def look(self, session: Session) -> None:
        """Read on."""
        query = columns(Fetch.id, Fetch.device_id, Fetch.file, Fetch.version_id, Fetch.at)
        query = query.where(col(Fetch.id) > self._read_to, col(Fetch.version_id).is_not(None))
        for number, device, path, version, at in session.execute(query.order_by(col(Fetch.id))):
            self._read_to = number
            if self._due.get(device, {}).get(path) == version:
                self._got.setdefault(device, {}).setdefault(path, at)
        newest = session.exec(select(func.max(FileVersion.id))).one() or 0
        if newest != self._newest:
            self._newest = newest
            self._overtaken = self._with_newer(session)

    def seen(self, device_id: int) -> Seen:
        """What is known of one device."""
        due, got = self._due.get(device_id, {}), self._got.get(device_id, {})
        last = max((at for path, at in got.items() if path in due), default=None)
        count = sum(path in got for path in due)
        return Seen(len(due), count, last, device_id in self._overtaken)

    def _with_newer(self, session: Session) -> set[int]:
        latest = _latest(session, [path for due in self._due.values() for path in due])
        return {
            device
            for device, due in self._due.items()
            if any(latest.get(path, (version, ""))[0] != version for path, version in due.items())
        }


# -- back to what was before ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Back:
    """The plan that brings the files of before back: of which devices, of which extensions the
    PBX's blocks, and the devices that keep their files, each with the reason."""

    plan: Plan
    devices: frozenset[int]
    extensions: frozenset[int]
    left: Mapping[int, str]


def plan_back(store: Store, rollout_id: int, waves: Collection[int]) -> Back:
    """What takes these waves back. Files that somebody has published anew since are left as they
    are. PublishError or StoreError when the files of before cannot be read."""
    site = store.site()
    tree = tree_of(site)
    with store.database.read() as session:
        rows = list(session.exec(_files(rollout_id, waves)))
        files = [one for one in rows if not one.block and one.version_id]
        latest = _latest(session, [one.path for one in files])
        newer = {
            one.device_id or 0
            for one in files
            if latest[one.path][0] != one.version_id and latest[one.path][1] != one.before
        }
        back = [one for one in files if (one.device_id or 0) not in newer]
        changes = [c for one in back if (c := _as_before(session, one, latest[one.path][1]))]
        changed, seen, numbers = _blocks_back(session, tree, [one for one in rows if one.block])
        extensions = frozenset(_extension_ids(session, numbers))
    made = Plan((*changes, *changed), pbx=seen)
    left = {n: "other files were published for it meanwhile" for n in newer if n}
    devices = frozenset(one.device_id for one in back if one.device_id)
    return Back(made, devices, extensions, left)


def forget_pbx(session: Session, extensions: Iterable[int]) -> None:
    """The PBX's files do not hold these extensions as they are any more."""
    for some in in_parts(sorted(extensions)):
        session.execute(delete(PbxEntry).where(col(PbxEntry.extension_id).in_(some)))


def _as_before(session: Session, one: RolloutFile, recorded: str) -> Change | None:
    """By the record, not by the disk: a disk that lags behind would be brought up to the record."""
    if recorded == one.before:
        return None
    if one.before == GONE:
        return Change("delete", one.path, one.device_id)
    return Change("replace", one.path, one.device_id, content(session, one.before))


def _blocks_back(
    session: Session, tree: Tree, rows: Sequence[RolloutFile]
) -> tuple[list[Change], PbxSeen | None, set[str]]:
    """The PBX's files with the blocks of before, as far as nobody has changed them since."""
    site, keys = site_of(session), keys_of(session)
    pbx = pbx_of(site)
    if pbx is None or not rows:
        return [], None, set()
    before = {file.path: tree.read(file.path) for file in pbx.files(site)}
    changes: list[Change] = []
    numbers: set[str] = set()
    for file in pbx.files(site):
        blocks = split(file, (before[file.path] or b"").decode(), made_by(site))
        if blocks is None:
            continue  # made anew since, from what is stored
        # The last wave's first: an extension may have been changed by several.
        for one in sorted((r for r in rows if r.path == file.path), key=lambda r: -(r.id or 0)):
            now = blocks.get(one.block)
            if (GONE if now is None else keys.digest(now.encode())) != one.after:
                continue
            numbers.add(one.block)
            if one.before == GONE:
                blocks.pop(one.block, None)
            else:
                blocks[one.block] = content(session, one.before).decode()
        data = join(file, blocks, made_by(site)).encode()
        if data != before[file.path]:
            changes.append(Change("replace", file.path, None, data))
    return changes, PbxSeen(site, before=before) if changes else None, numbers


def _extension_ids(session: Session, numbers: Iterable[str]) -> list[int]:
    found: list[int] = []
    for some in in_parts(sorted(numbers)):
        query = select(Extension.id).where(col(Extension.extension).in_(some))
        found += [number for number in session.exec(query) if number]
    return found


# -- whom it is about -----------------------------------------------------------------------------


def accounts_of(session: Session, device_ids: Sequence[int]) -> dict[int, list[str]]:
    """Device → what a PBX calls the accounts of its lines."""
    found: dict[int, list[str]] = {}
    for some in in_parts(device_ids):
        query = columns(Line.device_id, Extension.sip_username, Extension.extension)
        query = query.join(Extension, col(Extension.id) == Line.extension_id)
        query = query.where(col(Line.device_id).in_(some), col(Extension.use_provisioning))
        for device, user, number in session.execute(query.order_by(col(Line.number))):
            found.setdefault(device, []).append(user or number)
    return found


def standings(
    session: Session, device_ids: Sequence[int], registered: Collection[str] | None
) -> list[Standing]:
    """What is known of these devices. `registered`: the accounts that a PBX knows the contact of;
    None: no PBX is asked."""
    accounts = accounts_of(session, device_ids)
    found: list[Standing] = []
    for some in in_parts(device_ids):
        last = columns(Fetch.device_id, func.max(Fetch.at)).where(
            col(Fetch.device_id).in_(some), col(Fetch.verdict) == "served"
        )
        fetched = dict(iter(session.execute(last.group_by(col(Fetch.device_id)))))
        names = (Device.id, Device.friendly_name, Device.mac, Device.manufacturer, Device.model)
        query = columns(*names, Device.update_protocol).where(col(Device.id).in_(some))
        for number, name, mac, make, model, protocol in session.execute(query):
            own = accounts.get(number, [])
            is_registered = None if registered is None else any(one in registered for one in own)
            found.append(
                Standing(
                    number,
                    name or mac,
                    f"{make} {model}",
                    protocol != "tftp",
                    fetched.get(number),
                    is_registered,
                )
            )
    return found
