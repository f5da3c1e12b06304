"""Taking over phones that another program provisions: looking at their files, and adding their
extensions and devices. The phones keep their files as they are until they are changed
(`kept_files.py`); what ours will say otherwise then is told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from sqlmodel import Session, col

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.exchange.csv_reading import ImportedRow
from tuiprov.data.exchange.record_sets import AT_ONCE, extension_records
from tuiprov.data.exchange.rows import take_rows
from tuiprov.data.extensions import settle_site
from tuiprov.data.fields import Value
from tuiprov.data.history import events as history
from tuiprov.data.history.adopted import ADOPT
from tuiprov.data.kept import Event
from tuiprov.data.models import Extension
from tuiprov.data.permissions import require
from tuiprov.data.reading import new_values
from tuiprov.data.sections import DEVICE_FIELDS, FIELDS
from tuiprov.data.site import SITE_FIELDS, Site
from tuiprov.data.store import Store
from tuiprov.errors import PublishError, Refusal, Refused
from tuiprov.publish.apply import locked, put
from tuiprov.publish.kept_files import (
    KeptFile,
    OnRecord,
    choose,
    not_writable,
    put_on_record,
    settle,
)
from tuiprov.publish.phone_tree import NO_MAC, OldPhone, Unread, kinds_named, look_through
from tuiprov.publish.root import vanished
from tuiprov.render.inverse import Difference, Found, differences, read

_ENABLED: Final[dict[str, Value]] = {"status": "enabled"}
_SETTINGS: Final = (
    *("sip_server", "sip_port", "outbound_proxy", "outbound_proxy_port"),
    *("ntp_server", "voicemail_number"),
)


@dataclass(frozen=True, slots=True)
class OldFiles:
    """A phone that would be taken over: `found` with all that it would have here, `rows` its lines
    as an import has them; `differences`
    what its files will say otherwise; `assumed`: how many other models it could be."""

    phone: OldPhone
    found: Found
    rows: Sequence[Mapping[str, Value]]
    differences: Sequence[Difference]
    kept: Sequence[KeptFile] = ()
    """Those of its files that it goes on with, and with the first phone those of all."""

    @property
    def assumed(self) -> int:
        return len({kind.model for kind in self.phone.kinds}) - 1


@dataclass(frozen=True, slots=True)
class Adopted:
    """How many lines were added, by which operation of the history (0: by none); how many kept
    files lay in the publish tree already."""

    lines: int
    operation: int = 0
    there: int = 0


@dataclass(frozen=True, slots=True)
class PhonesLook:
    """What taking a directory over would do."""

    directory: Path
    phones: Sequence[OldFiles]
    settings: Mapping[str, Value]
    left: Sequence[Unread]
    """Files that are not taken over, or not whole, and why."""
    notes: Sequence[str] = ()
    """What else is worth knowing of the files that are kept."""

    @property
    def keeping(self) -> int:
        """How many phones keep their files as they are."""
        return sum(bool(one.kept) for one in self.phones)

    def grouped(self) -> list[tuple[Difference, int]]:
        """Equal differences together, each with the number of phones: what changes, what is lost,
        what is new; of each the most frequent first."""
        counted = Counter(one for phone in self.phones for one in phone.differences)
        return sorted(counted.items(), key=lambda one: ("~-+".index(one[0].sign), -one[1]))


def look(store: Store, viewer: Viewer, directory: Path, model: str = "") -> PhonesLook:
    """Read a directory and say what taking it over would do; nothing is written. `model` says what
    its phones are (`MANUFACTURER/MODEL`). Refused or PublishError: it cannot be read."""
    require(viewer, "site.change")
    phones, left = look_through(directory, kinds_named(model) if model else None)
    site = store.site()
    found = [(one, read(one.settings, one.kinds[0], site, one.mac)) for one in phones]
    settings = _settings([one for _, one in found], site)
    then = site.model_copy(update=settings)
    with store.database.read() as session:
        taken = _taken(session, viewer, [one for _, one in found])
    adopted = []
    for phone, one in found:
        wrong = _why_not(one, taken)
        if wrong:
            left.append(Unread(phone.paths[0], wrong))
            continue
        taken |= {str(v["extension"]): phone.mac for v in one.lines.values()}
        filled = _as_new(one, then)
        adopted.append(OldFiles(phone, filled, list(_rows(one)), differences(filled, then)))
    return _with_kept(store, PhonesLook(directory, adopted, settings, left))


def _as_new(found: Found, site: Site) -> Found:
    """What was found, with what a new device and extension have besides on this site."""
    fresh = new_values(site)
    device = {name: fresh[name] for name in DEVICE_FIELDS} | _ENABLED | dict(found.device)
    lines = {n: {"codecs": fresh["codecs"], **values} for n, values in found.lines.items()}
    return replace(found, device=device, lines=lines)


def _with_kept(store: Store, seen: PhonesLook) -> PhonesLook:
    """What was looked at, with the files that phones keep."""
    loose = {one.path for one in seen.left if one.reason == NO_MAC}
    with store.database.read() as session:
        both = [(one.phone, one.found) for one in seen.phones]
        chosen = choose(session, store.site(), both, loose)
    phones = [replace(one, kept=chosen.files.get(one.phone.mac, ())) for one in seen.phones]
    said = {file.source for one in phones for file in one.kept} | {o.path for o in chosen.left}
    left = [one for one in seen.left if one.path not in said or one.reason != NO_MAC]
    return replace(seen, phones=phones, left=[*left, *chosen.left], notes=chosen.notes)


def adopt(
    store: Store, viewer: Viewer, seen: PhonesLook, given: Mapping[str, str], *, dry_run: bool
) -> Adopted:
    """Add what was looked at, all or nothing, as one operation, and put the files that phones keep
    where tuiprov publishes. `given`: organization and user, of all or made of each row. Refused
    names every reason; PublishError: nothing was adopted, or, where the message says so, the files
    are on record and not all in their places."""
    require(viewer, "site.change")
    if dry_run:
        with suppress(_Undo), store.database.write() as session:
            count, _ = _add(session, viewer, seen, given)
            raise _Undo
        return Adopted(count)
    if not seen.keeping:
        with store.database.write() as session:
            count, event = _add(session, viewer, seen, given)
            session.flush()
            return Adopted(count, event.id or 0)
    site = store.site()
    with locked(site):
        if problem := vanished(store) or not_writable(site):
            raise PublishError(problem)
        with store.database.write() as session:
            count, event = _add(session, viewer, seen, given)
            files = {one.phone.mac: one.kept for one in seen.phones if one.kept}
            numbers = {one.phone.mac: str(one.rows[0]["extension"]) for one in seen.phones}
            why = f"adopted from {seen.directory.name}"
            kept = put_on_record(session, viewer, site, files, numbers, why)
            done = Adopted(count, event.id or 0, kept.there)
        _put(store, site, kept)
    return done


def _put(store: Store, site: Site, kept: OnRecord) -> None:
    """Write what is on record. A phone that somebody has changed meanwhile stays stale."""
    try:
        put(kept.changes, site)
    except PublishError as error:
        healed = "the phones are adopted, but not all of their files are in place"
        raise PublishError(f"{error}; {healed}: tuiprov doctor --repair") from None
    with store.database.write() as session:
        settle(session, kept.devices)


def _add(
    session: Session, viewer: Viewer, seen: PhonesLook, given: Mapping[str, str]
) -> tuple[int, Event]:
    """Add the extensions and devices; gives how many rows, and the operation."""
    files = [one.phone.paths[0].name for one in seen.phones for _ in one.rows]
    rows = list(_imported(seen, given))
    found: list[Refusal] = []
    event = history.record(session, viewer, ADOPT, seen.directory.name, f"{len(rows)} lines")
    settle_site(session, seen.settings)
    for row, _outcome, refusals in take_rows(session, viewer, rows):
        found += [replace(one, where=files[row.number - 1]) for one in refusals]
    if found:
        raise Refused(found)
    return len(rows), event


class _Undo(Exception):
    """Rolls a dry run back."""


def _imported(seen: PhonesLook, given: Mapping[str, str]) -> Iterator[ImportedRow]:
    number = 0
    for phone in seen.phones:
        for row in phone.rows:
            number += 1
            texts = {name: FIELDS[name].text(value) for name, value in row.items()}
            more = _ENABLED if phone.kept else {}
            places = {name: _filled(text, texts) for name, text in given.items()}
            values = {**row, **more, **places}
            yield ImportedRow(number, values, otherwise={"friendly_name": _name(row)})


def _filled(text: str, texts: Mapping[str, str]) -> str:
    return text.replace("{extension}", texts["extension"])


def _name(row: Mapping[str, Value]) -> str:
    digits = str(row["mac"]).replace(":", "")
    return (re.sub(r"[^A-Za-z0-9]", "", str(row["model"])) + digits[-6:])[-32:]


def _rows(found: Found) -> Iterator[dict[str, Value]]:
    for number, values in found.lines.items():
        yield {"use_provisioning": True, "line": number, **found.device, **values}


def _why_not(found: Found, taken: Mapping[str, str]) -> str:
    """Why a phone is not taken over, or ""."""
    if not found.lines:
        return "no line has a SIP user"
    mac = str(found.device["mac"])
    for number, values in found.lines.items():
        extension = str(values.get("extension", ""))
        if not extension:
            return f"line {number}: its SIP user is no number that an extension can have"
        if taken.get(extension, mac) != mac:
            return f"line {number}: extension {extension} is on {taken[extension]} already"
    numbers = [values["extension"] for values in found.lines.values()]
    return "the same extension is on two of its lines" if len({*numbers}) < len(numbers) else ""


def _taken(session: Session, viewer: Viewer, found: Sequence[Found]) -> dict[str, str]:
    """The MAC addresses of the phones that extensions of these numbers are on already."""
    numbers = sorted(
        {str(v["extension"]) for one in found for v in one.lines.values() if "extension" in v}
    )
    taken = {}
    for start in range(0, len(numbers), AT_ONCE):
        condition = col(Extension.extension).in_(numbers[start : start + AT_ONCE])
        for record in extension_records(session, viewer, condition):
            if record.device is not None:
                taken[str(record.values["extension"])] = str(record.device.values["mac"])
    return taken


def _settings(found: Sequence[Found], site: Site) -> dict[str, Value]:
    """Settings of the site that most phones agree about, where the site has its first values."""
    settings: dict[str, Value] = {}
    for name in _SETTINGS:
        said = Counter(one.site[name] for one in found if name in one.site)
        usual = Site.model_fields[name].default
        if not said or getattr(site, name) != usual:
            continue
        text, count = said.most_common(1)[0]
        try:
            value = SITE_FIELDS[name].parse(text)
        except ValueError:
            continue
        if 2 * count > said.total() and value != usual:
            settings[name] = value
    return settings
