"""Writes the generated pages of `docs/` from the code: `make docs`. A test says when they are old.

Fields, template variables, the catalogue and the keys are each declared once in the code; these
pages repeat them for readers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from tuiprov.actions import ACTIONS
from tuiprov.data.account_fields import ACCOUNT_FIELDS
from tuiprov.data.catalog import Catalog, default_catalog
from tuiprov.data.fields import Choice, Field, Number, declared
from tuiprov.data.sections import SECTIONS, title
from tuiprov.data.site import SITE_SECTIONS
from tuiprov.data.template_fields import TEMPLATE_FIELDS
from tuiprov.render.values import VARIABLES

_MADE = "<!-- Made by `make docs` from the code; edit there. -->\n"


def pages() -> dict[str, str]:
    """File name in `docs/` → its text."""
    return {
        "fields.md": "\n".join(_fields()) + "\n",
        "template-variables.md": "\n".join(_variables()) + "\n",
        "catalogue.md": "\n".join(_catalogue(default_catalog())) + "\n",
        "keys.md": "\n".join(_keys()) + "\n",
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
