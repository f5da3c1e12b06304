"""CSV files of other programs read as rows of ours: whose a file is, which column is which field,
and what their words mean. The facts are in `foreign.toml`.

A foreign file knows less than ours. What it does not say is given beside it (whose the extensions
are), found in the catalogue (the newest firmware), or the field's default.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any, Final

from tuiprov.data.bulk.text import read as composed
from tuiprov.data.catalog import default_catalog
from tuiprov.data.exchange.csv_reading import Texts, check_header
from tuiprov.data.sections import FIELDS
from tuiprov.errors import Refusal, Refused
from tuiprov.text import in_words

OWN: Final = "tuiprov"
AUTO: Final = "auto"
EQUIPMENT: Final = "equipment"
"""A target besides our fields: manufacturer and model in one cell, e.g. `yealink/t46s`."""
TARGETS: Final = (*FIELDS, EQUIPMENT)


@dataclass(frozen=True, slots=True)
class Format:
    """How a program writes CSV; `columns` holds its columns by their plain names."""

    name: str
    title: str
    source: str = ""
    needs: Sequence[Sequence[str]] = ()
    columns: Mapping[str, str] = field(default_factory=dict)

    def fits(self, header: Sequence[str]) -> bool:
        there = {plain(column) for column in header}
        return all(any(plain(one) in there for one in group) for group in self.needs)


_OWN: Final = Format(OWN, "tuiprov's own", columns={name: name for name in FIELDS})


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """What becomes of the columns of one file: `targets` holds for each column of `header` the
    field it is, or "" when it is not taken; what is no field is refused. `given` holds texts for
    fields that no cell says; they may be composed of others, e.g. `{extension}`."""

    format: Format
    header: Sequence[str]
    targets: Sequence[str]
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_own(self) -> bool:
        """Are the columns named like our fields, every one?"""
        return list(self.targets) == list(self.header) and not self.given

    @property
    def left_out(self) -> list[str]:
        """Columns that are not taken."""
        return [one for one, target in zip(self.header, self.targets, strict=True) if not target]

    def with_target(self, place: int, target: str) -> ColumnMap:
        """Another field, or none (""), for the column at this place."""
        targets = list(self.targets)
        targets[place] = target
        return replace(self, targets=targets)

    def known(self) -> ColumnMap:
        """The columns that have no field of ours are not taken, instead of refused."""
        return replace(self, targets=[one if one in TARGETS else "" for one in self.targets])

    def with_given(self, given: Mapping[str, str]) -> ColumnMap:
        """More texts for what no cell says; Refused names each that cannot be."""
        _check_given(given)
        return replace(self, given={**self.given, **given})

    def shown(self, name: str) -> str:
        """A field as a refusal names it: with the column it came from, when that has another
        name."""
        for column, target in zip(self.header, self.targets, strict=True):
            if target in (name, EQUIPMENT if name in ("manufacturer", "model") else name):
                return name if column == name else f"{name} ({column})"
        return name

    def check(self, file_name: str) -> None:
        """Refused names what makes this no list of extensions."""
        where = f"{file_name}, header"
        if list(self.targets) == list(self.header):
            check_header(self.header, file_name)
        elif "extension" not in self.targets:
            raise Refused([Refusal("extension", "no column is mapped to it", where)])

    def texts(self, cells: Sequence[str]) -> tuple[Texts, Texts]:
        """The texts of a row by field, and those for what is still empty after them."""
        if self.is_own:
            return dict(zip(self.targets, cells, strict=False)), {}
        said: Texts = {}
        for target, cell in zip(self.targets, cells, strict=False):
            text = cell.strip()
            if not target or not text:
                continue
            if target == "extension_name" and target in said and text != said[target]:
                said[target] += f" {text}"
            said.setdefault(target, text)
        return _as_ours(said, self.given)


def formats() -> Mapping[str, Format]:
    """The formats that are known, by name; ours first."""
    return {OWN: _OWN, **_facts()[0]}


def map_for(header: Sequence[str], name: str = AUTO) -> ColumnMap:
    """The columns of a file as a format has them. AUTO recognises the format; a file that is of
    none is taken for ours. Refused: there is no such format."""
    if name not in (AUTO, *formats()):
        known = in_words([AUTO, *formats()])
        raise Refused([Refusal("", f"{name!r} is no format: write {known}", "--from")])
    chosen = _recognised(header) if name == AUTO else formats()[name]
    if chosen.name == OWN:
        return ColumnMap(chosen, header, header)
    return ColumnMap(chosen, header, [chosen.columns.get(plain(one), "") for one in header])


def mapped(columns: ColumnMap, changes: Mapping[str, str]) -> ColumnMap:
    """`columns` with other fields for some, by the column's name in the file; "" takes one out.
    Refused names each column and field that there is not."""
    found = []
    if changes:
        columns = columns.known()
    for name, target in changes.items():
        places = [n for n, one in enumerate(columns.header) if plain(one) == plain(name)]
        if not places:
            found.append(Refusal(name, "is no column of this file", "--map"))
        if target and target not in TARGETS:
            found.append(Refusal(target, "is not a field tuiprov knows", "--map"))
        for place in places:
            columns = columns.with_target(place, target)
    if found:
        raise Refused(found)
    return columns


def plain(column: str) -> str:
    """A column's name without case, blanks, hyphens and underscores."""
    return re.sub(r"[\s_\-]+", "", column).lower()


def _recognised(header: Sequence[str]) -> Format:
    if all(column in FIELDS for column in header):
        return _OWN
    return next((one for one in _facts()[0].values() if one.fits(header)), _OWN)


@cache
def _facts() -> tuple[dict[str, Format], dict[str, dict[str, str]]]:
    text = files("tuiprov.data.exchange").joinpath("foreign.toml").read_text(encoding="utf-8")
    tables: dict[str, Any] = tomllib.loads(text)
    words = tables.pop("words")
    known = {}
    for name, table in tables.items():
        columns = {plain(column): target for column, target in table["columns"].items()}
        known[name] = Format(name, table["title"], table["source"], table["needs"], columns)
    return known, words


def _check_given(given: Mapping[str, str]) -> None:
    found = []
    for name, text in given.items():
        try:
            if name not in FIELDS:
                raise ValueError("is not a field tuiprov knows")
            if composed(name, text) is None:
                FIELDS[name].parse(text)
        except ValueError as error:
            found.append(Refusal(name, str(error), "--set"))
    if found:
        raise Refused(found)


# -- their words and ours -------------------------------------------------------------------------


def _as_ours(said: Texts, given: Mapping[str, str]) -> tuple[Texts, Texts]:
    manufacturer, _, model = said.pop(EQUIPMENT, "").rpartition("/")
    if manufacturer:
        said.setdefault("manufacturer", manufacturer)
        said.setdefault("model", model)
    said = {name: _word(name, text) for name, text in said.items()}
    if "model" in said:
        said["model"] = _model(said.get("manufacturer", ""), said["model"])
    if any(said.get(name) for name in ("mac", "manufacturer", "model")):
        said.setdefault("use_provisioning", "yes")
    for name, text in given.items():
        if not said.get(name):
            said[name] = _composed(name, text, said)
    return said, _in_its_place(said)


def _in_its_place(said: Texts) -> Texts:
    """What a device needs and no other program says in our way."""
    if not said.get("model"):
        return {}
    firmwares = default_catalog().firmwares(said.get("manufacturer", ""), said["model"])
    digits = said.get("mac", "").replace(":", "")
    name = re.sub(r"[^A-Za-z0-9]", "", said["model"]) + digits[-6:]
    return {"firmware": firmwares[0] if firmwares else "", "friendly_name": name[-32:]}


def _composed(name: str, text: str, said: Texts) -> str:
    made = composed(name, text)
    return text if made is None else made.text_for(defaultdict(str, said), 0)


def _word(name: str, text: str) -> str:
    known = _facts()[1].get(name, {}).get(re.sub(r"[^a-z0-9]", "", text.lower()))
    if known is not None:
        return known
    if name == "mac":
        return _mac(text)
    if name == "manufacturer":
        return _same_as(text, default_catalog().manufacturers())
    if name == "friendly_name":
        name_in_ours = re.sub(r"[^A-Za-z0-9]", "", text)[:32]
        return name_in_ours if len(name_in_ours) >= 3 else ""
    if name == "codecs":
        return ",".join(part for part in re.split(r"[&|,;\s]+", text) if part)
    return text


def _mac(text: str) -> str:
    digits = re.sub(r"[^0-9A-Fa-f]", "", text)
    if len(digits) != 12 or re.search(r"[^0-9A-Fa-f:.\-\s]", text):
        return text
    return ":".join(digits[n : n + 2] for n in range(0, 12, 2)).upper()


def _model(manufacturer: str, text: str) -> str:
    """A model by the catalogue's spelling: `SIP-T46S`, `t46s` and `yealink t46s` are T46S."""
    known = default_catalog().models(manufacturer)
    bare = plain(text).removeprefix(plain(manufacturer))
    for spelling in (bare, bare.removeprefix("sip"), plain(text)):
        found = _same_as(spelling, known)
        if found in known:
            return found
    return text


def _same_as(text: str, known: Sequence[str]) -> str:
    return next((one for one in known if plain(one) == plain(text)), text)
