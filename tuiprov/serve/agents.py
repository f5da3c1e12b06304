"""A User-Agent taken apart: which phone says it is, what it runs, and its MAC address.

The patterns are the catalogue's (`agents` of a family). Pure and total: any text gives an answer,
and of a long one only the start is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from tuiprov.data.catalog import Catalog, Family, default_catalog

LONGEST: Final = 255
"""So much of a User-Agent is looked at: as much as the fetch log keeps."""


@dataclass(frozen=True, slots=True)
class Agent:
    """What is known of who asked; "" for what is not. `model` and `generation` (of the firmware)
    are the catalogue's names where it knows them, `mac` is `XX:XX:XX:XX:XX:XX`."""

    manufacturer: str = ""
    model: str = ""
    firmware: str = ""
    mac: str = ""
    generation: str = ""

    @property
    def phone(self) -> str:
        """`Yealink T46S 66.84.0.15`, or what there is of that."""
        return " ".join(word for word in (self.manufacturer, self.model, self.firmware) if word)


def parse(text: str) -> Agent:
    """The phone that names itself like this; an empty Agent for a stranger."""
    start = text[:LONGEST]
    for family, pattern in _patterns():
        found = pattern.match(start)
        if found is not None:
            return _agent(family, found)
    return Agent()


def _agent(family: Family, found: re.Match[str]) -> Agent:
    said = {name: value or "" for name, value in found.groupdict().items()}
    firmware = said.get("firmware", "").rstrip(".")
    manufacturer, model = _known_model(family, said.get("model", ""))
    generation = _generation(manufacturer, model, said.get("generation") or firmware)
    return Agent(manufacturer, model, firmware, _mac(said.get("mac", "")), generation)


@cache
def _patterns() -> tuple[tuple[Family, re.Pattern[str]], ...]:
    families = default_catalog().families.values()
    return tuple((family, re.compile(one)) for family in families for one in family.agents)


def _known_model(family: Family, said: str) -> tuple[str, str]:
    """Manufacturer and model as the catalogue names them. Families that share a manufacturer share
    its patterns, so all of them are asked."""
    known = _models(family.manufacturer).get(_folded(said))
    return known or (family.manufacturer, said)


@cache
def _models(manufacturer: str) -> dict[str, tuple[str, str]]:
    return dict(_spellings(default_catalog(), manufacturer))


def _spellings(catalog: Catalog, manufacturer: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Every spelling of every model of the manufacturer's families → its own names."""
    for family in catalog.families.values():
        if family.manufacturer == manufacturer:
            for model, row in family.model.items():
                for word in (*row.aliases, model):
                    yield _folded(word), (row.manufacturer or manufacturer, model)


def _folded(model: str) -> str:
    """`VVX_411`, `VVX 411` and `vvx411` are one model."""
    return "".join(char for char in model.lower() if char.isalnum())


def _generation(manufacturer: str, model: str, firmware: str) -> str:
    """The catalogue's generation that a firmware belongs to: `1.0.11.79` is tried as it is, then
    as `1.0.11`, `1.0` and `1`."""
    parts = firmware.split(".")
    for count in range(len(parts), 0, -1):
        start = ".".join(parts[:count])
        for spelling in (start, f"{start}.x"):
            kind = default_catalog().find(manufacturer, model, spelling)
            if kind is not None:
                return kind.firmware
    return ""


def _mac(digits: str) -> str:
    plain = "".join(char for char in digits if char.isalnum()).upper()
    return ":".join(plain[at : at + 2] for at in range(0, 12, 2)) if len(plain) == 12 else ""
