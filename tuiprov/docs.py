"""Writes the generated pages of `docs/` from the code: `make docs`. A test says when they are old.

Fields, template variables, the catalogue and the keys are each declared once in the code; these
pages repeat them for readers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from tuiprov.actions import ACTIONS
from tuiprov.data.accounts.fields import ACCOUNT_FIELDS
from tuiprov.data.catalog import Catalog, default_catalog
from tuiprov.data.fields import Choice, Field, Flag, Number, Value, declared
from tuiprov.data.page import Page
from tuiprov.data.sections import DEFAULTS, FIELDS, SECTIONS, SipPreferences, title
from tuiprov.data.site import SITE_SECTIONS, Site
from tuiprov.data.templates.fields import TEMPLATE_FIELDS
from tuiprov.pbx import asterisk, dialplan, freeswitch
from tuiprov.render.values import VARIABLES

_MADE = "<!-- Made by `make docs` from the code; edit there. -->\n"


def pages() -> dict[str, str]:
    """File name in `docs/` → its text."""
    return {
        "fields.md": "\n".join(_fields()) + "\n",
        "template-variables.md": "\n".join(_variables()) + "\n",
        "catalogue.md": "\n".join(_catalogue(default_catalog())) + "\n",
        "keys.md": "\n".join(_keys()) + "\n",
        "pbx-options.md": "\n".join(_pbx_options()) + "\n",
    }


def write(directory: Path) -> None:
    for name, text in pages().items():
        (directory / name).write_text(text, encoding="utf-8")


def _fields() -> Iterator[str]:
    yield f"{_MADE}\n# Fields\n"
    yield "Columns, CSV headers, template variables and `tuiprov set` use these names.\n"
    for section in SECTIONS:
        yield from _table(title(section), declared(section).values())
    for part in SITE_SECTIONS:
        yield from _table(f"Preferences: {title(part)}", declared(part).values())
    yield from _table("Account", ACCOUNT_FIELDS.values())
    yield from _table("Provisioning template", TEMPLATE_FIELDS.values())


def _table(heading: str, fields: Iterable[Field]) -> Iterator[str]:
    yield f"## {heading}\n"
    yield "| name | label | takes | help |\n|---|---|---|---|"
    for field in fields:
        yield f"| `{field.name}` | {field.label} | {_takes(field)} | {field.help} |"
    yield ""


def _takes(field: Field) -> str:
    if isinstance(field, Choice) and field.options:
        return ", ".join(f"`{value}`" for value, _ in field.options)
    if isinstance(field, Number):
        empty = f"; empty: {field.empty_means}" if field.empty_means else ""
        return f"{field.low} to {field.high}{empty}"
    rule = getattr(field, "rule", "")
    return rule or {"flag": "`yes` or `no`"}.get(field.kind, "text")


def _variables() -> Iterator[str]:
    yield f"{_MADE}\n# Template variables\n"
    yield "What a template may use: plain data of one phone. Shared files see `site` only.\n"
    yield "| variable | what it is |\n|---|---|"
    for name, words in VARIABLES.items():
        yield f"| `{name}` | {words} |"


def _catalogue(catalog: Catalog) -> Iterator[str]:
    yield f"{_MADE}\n# Catalogue\n"
    yield "`device_catalog.toml` holds these families; `tuiprov catalog MANUFACTURER MODEL` prints"
    yield "all facts of one model. Facts marked *unknown* need a test on a real phone.\n"
    for key, family in catalog.families.items():
        yield f"## {family.manufacturer} (`{key}`)\n"
        prefixes = ", ".join(family.mac_prefixes) or "none, its phones have no MAC address"
        yield f"Source: {family.source}. MAC prefixes: {prefixes}.\n"
        yield "| model | lines | keys | firmware | expansion |\n|---|---|---|---|---|"
        for name, row in family.model.items():
            generations = ", ".join(row.firmware)
            yield f"| {name} | {row.lines} | {row.keys} | {generations} | {row.expansion} |"
        unknown = family.base.get("unknown", {})
        if unknown:
            yield "\nUnknown:\n"
            yield from (f"- {what}: {words}" for what, words in unknown.items())
        yield ""


_SAMPLES: dict[str, tuple[Value, ...]] = {
    "max_public_concurrent_calls": (None, 2),
    "codecs": ("alaw,ulaw", "g722,opus"),
    "fixed_ip": ("", "192.0.2.7"),
    "fixed_port": (None, 5080),
    "allowed_networks": ("", "192.0.2.0/24"),
}
"""What fields that are no choice are tried with."""


def _pbx_options() -> Iterator[str]:
    yield f"{_MADE}\n# What a preference becomes in the PBX\n"
    yield "What differs in an extension's part of the PBX's files from one value to the next."
    yield "[pbx.md](pbx.md) says what the files are.\n"
    yield "| preference | value | Asterisk (chan_pjsip) | FreeSWITCH (directory) |"
    yield "|---|---|---|---|"
    for name in ("max_public_concurrent_calls", *declared(SipPreferences)):
        field = FIELDS[name]
        pages = {value: _tried(name, value) for value in _values(field)}
        pjsip = _differing({value: _in_asterisk(page) for value, page in pages.items()})
        users = _differing({value: _in_freeswitch(page) for value, page in pages.items()})
        for value in pages:
            word = field.text(value) or getattr(field, "empty_means", "") or "none"
            yield f"| `{name}` | {word} | {pjsip[value]} | {users[value]} |"


def _values(field: Field) -> Iterable[Value]:
    if isinstance(field, Choice):
        return [value for value, _ in field.options]
    return (False, True) if isinstance(field, Flag) else _SAMPLES.get(field.name, ())


def _tried(name: str, value: Value) -> Page:
    at = "192.0.2.7" if name in ("fixed_port", "fixed_auth", "signaling_transport") else ""
    known = {"extension": "0027*001", "sip_password": "secret", "fixed_ip": at}
    return Page({**DEFAULTS, **known, name: value}, Site())


def _in_asterisk(page: Page) -> list[str]:
    found = [f"{kind}: {n}={v}" for kind, options in asterisk.sections(page) for n, v in options]
    return found + [f"dialplan: {line.strip()}" for line in dialplan.block(page).splitlines()]


def _in_freeswitch(page: Page) -> list[str]:
    found = freeswitch.parts(page).items()
    return [f"{kind[:-1]}: {name}={value}" for kind, pairs in found for name, value in pairs]


def _differing(written: dict[Value, list[str]]) -> dict[Value, str]:
    """By value: what is not written for every value, as cells of a table."""
    always = set.intersection(*map(set, written.values())) if written else set()
    return {
        value: "<br>".join(f"`{one}`" for one in lines if one not in always) or "-"
        for value, lines in written.items()
    }


def _keys() -> Iterator[str]:
    yield f"{_MADE}\n# Keys\n"
    yield "A `[keys]` table in the configuration gives an action other keys, by its id:"
    yield '`save = "f12"`.\n'
    for where, words in (
        ("list", "Extensions"),
        ("devices", "SIP devices"),
        ("fetches", "Requests of phones"),
        ("resync", "Resync"),
        ("accounts", "Accounts"),
        ("templates", "Provisioning templates"),
        ("page", "Extension page"),
        ("device", "Device page"),
        ("sheet", "Other forms"),
        ("editor", "Template editor"),
        ("plan", "Plan"),
        ("everywhere", "Everywhere"),
    ):
        yield f"## {words}\n"
        yield "| key | id | what it does |\n|---|---|---|"
        for action in ACTIONS:
            if where in action.where.split():
                keys = action.keys.replace(",", ", ").replace("question_mark", "?")
                yield f"| {keys} | `{action.id}` | {action.help} |"
        yield ""


if __name__ == "__main__":
    write(Path(__file__).resolve().parent.parent / "docs")
