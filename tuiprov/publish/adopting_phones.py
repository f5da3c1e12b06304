"""Taking over phones that another program provisions: looking at their files, and adding their
extensions and devices. The old files are never written; what ours will say otherwise is told."""

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
from tuiprov.data.models import Extension
from tuiprov.data.permissions import require
from tuiprov.data.sections import FIELDS
from tuiprov.data.site import SITE_FIELDS, Site
from tuiprov.data.store import Store
from tuiprov.errors import Refusal, Refused
from tuiprov.publish.phone_tree import OldPhone, Unread, kinds_named, look_through
from tuiprov.render.inverse import Difference, Found, differences, read

_SETTINGS: Final = (
    *("sip_server", "sip_port", "outbound_proxy", "outbound_proxy_port"),
    *("ntp_server", "voicemail_number"),
)


@dataclass(frozen=True, slots=True)
class OldFiles:
    """A phone that would be taken over: `rows` are its lines as an import has them; `differences`
    what its files will say otherwise; `assumed`: how many other models it could be."""

    phone: OldPhone
    found: Found
    rows: Sequence[Mapping[str, Value]]
    differences: Sequence[Difference]

    @property
    def assumed(self) -> int:
        return len({kind.model for kind in self.phone.kinds}) - 1


@dataclass(frozen=True, slots=True)
class PhonesLook:
    """What taking a directory over would do."""

    directory: Path
    phones: Sequence[OldFiles]
    settings: Mapping[str, Value]
    left: Sequence[Unread]
    """Files that are not taken over, or not whole, and why."""

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
        adopted.append(OldFiles(phone, one, list(_rows(one)), differences(one, then)))
    return PhonesLook(directory, adopted, settings, left)


def adopt(
    store: Store, viewer: Viewer, seen: PhonesLook, given: Mapping[str, str], *, dry_run: bool
) -> int:
    """Add what was looked at, all or nothing, as one operation; gives the number of extensions.
    `given`: organization and user, of all or made of each row. Refused names every reason."""
    require(viewer, "site.change")
    files = [one.phone.paths[0].name for one in seen.phones for _ in one.rows]
    rows = list(_imported(seen, given))
    found: list[Refusal] = []
    with suppress(_Undo), store.database.write() as session:
        history.record(session, viewer.label, "adopt", seen.directory.name, f"{len(rows)} lines")
        settle_site(session, seen.settings)
        for row, _outcome, refusals in take_rows(session, viewer, rows):
            found += [replace(one, where=files[row.number - 1]) for one in refusals]
        if found:
            raise Refused(found)
        if dry_run:
            raise _Undo
    return len(rows)


class _Undo(Exception):
    """Rolls a dry run back."""


def _imported(seen: PhonesLook, given: Mapping[str, str]) -> Iterator[ImportedRow]:
    number = 0
    for phone in seen.phones:
        for row in phone.rows:
            number += 1
            texts = {name: FIELDS[name].text(value) for name, value in row.items()}
            places = {name: _filled(text, texts) for name, text in given.items()}
            yield ImportedRow(number, {**row, **places}, otherwise={"friendly_name": _name(row)})


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
