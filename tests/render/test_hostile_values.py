"""Whatever the validators take, no value adds a line, a tag or a setting to a phone's file.

Generated names, notes, passwords and versions go into a phone of each family and set of templates.
What is refused must be refused by field and reason; what is taken must give files that parse back
with the same settings as ordinary values do.
"""

from __future__ import annotations

import string
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.phones import fitting_password, phone
from tests.render.cases import representatives
from tests.sites import NoNeighbours
from tuiprov.data.bulk.assignments import parse_assignments
from tuiprov.data.catalog import PhoneType
from tuiprov.data.checks import check_page
from tuiprov.data.fields import Value
from tuiprov.data.page import Page, Phone
from tuiprov.data.sections import DEFAULTS, FIELDS
from tuiprov.errors import Refused
from tuiprov.render.engine import parse_back, render

KINDS = {f"{t.label} {t.firmware} ({t.templates})": t for t in representatives()}
EVERY_KIND = pytest.mark.parametrize("name", KINDS)
EXAMPLES, MANY_EXAMPLES = 35, 1000

SNIPPETS = (
    *("\n", "\r", "\r\n", "\t", "\x00", "\x0b", "\x1b[2J", "\x7f", "\x85", "\u2028", "\u2029"),
    *('"', "'", '""', "<", ">", "&", "&amp;", "&#10;", "</", "/>", "]]>", "<!--", "-->", "<?x?>"),
    *("%", "%s", "%0a", "#", ";", "//", ":", "=", " = ", ",", "|", "\\", "\\n", "\\x0a", "`", "$x"),
    *("{{ 7 }}", "{% raw %}", "{#", "<<END OF FILE>>", "<SIP CONFIG MODULE>", "--SIP Line1-- :"),
    *("account.1.enable = 0", "sip line1 password: x", "P2 = admin", "<P2>x</P2>", "a", "Ana", "0"),
    *(
        "Ünï",
        "ß",
        "Ł",
        "日本",
        "👋",
        "\u0301",
        "\u202e",
        "\u200b",
        "\ufeff",
        "\xa0",
        "\uff02",
        "\ufe64",
    ),
)
ASCII = string.ascii_letters + string.digits + string.punctuation + " "

HOSTILE = st.one_of(
    st.lists(st.sampled_from(SNIPPETS), max_size=6).map("".join),
    st.text(ASCII, max_size=40),
    st.text(max_size=70),
)


def in_form(alphabet: str, low: int, high: int) -> st.SearchStrategy[str]:
    """Mostly texts of the field's own form, so that many are taken."""
    return st.text(alphabet, min_size=low, max_size=high) | HOSTILE


LETTERS = string.ascii_letters + string.digits
VALUES: dict[str, st.SearchStrategy[str]] = {
    "extension_name": HOSTILE,
    "sip_username": in_form(LETTERS + "._*+~-", 0, 64),
    "sip_password": in_form(ASCII, 1, 64) | st.text(LETTERS, min_size=1, max_size=31),
    "equipment_description": HOSTILE,
    "friendly_name": in_form(LETTERS, 3, 32),
    "notes": HOSTILE,
    "admin_username": in_form(LETTERS + "._@-", 0, 32),
    "admin_password": in_form(ASCII, 1, 40) | st.text(string.digits, min_size=1, max_size=8),
    "application_version": in_form(LETTERS + "._()-", 0, 64),
}
OF_THE_DEVICE = frozenset(
    {"friendly_name", "notes", "admin_username", "admin_password", "application_version"}
)
ORDINARY = {
    "extension_name": "Alice",
    "sip_username": "0027*001",
    "sip_password": "v7Qm2RkT9xW1",
    "equipment_description": "Desk phone",
    "friendly_name": "Desk01",
    "notes": "Third floor",
    "admin_username": "admin",
    "application_version": "P0S3-08-11-00",
}
Texts = dict[str, str]


def test_ten_thousand_values_are_generated() -> None:
    assert EXAMPLES * len(VALUES) * len(KINDS) >= 10_000


@EVERY_KIND
@settings(max_examples=EXAMPLES)
@given(texts=st.fixed_dictionaries(VALUES))
def test_no_value_that_is_taken_changes_the_form_of_a_file(name: str, texts: Texts) -> None:
    prove(KINDS[name], texts)


@pytest.mark.slow
@EVERY_KIND
@settings(max_examples=MANY_EXAMPLES)
@given(texts=st.fixed_dictionaries(VALUES))
def test_no_value_of_many_more_does(name: str, texts: Texts) -> None:
    prove(KINDS[name], texts)


@EVERY_KIND
def test_no_sign_of_any_format_does_in_a_name_or_a_password(name: str) -> None:
    for snippet in SNIPPETS:
        for text in (snippet, f"a{snippet}", f"a{snippet}b"):
            prove(KINDS[name], {"extension_name": text, "sip_password": text})


def prove(kind: PhoneType, texts: Texts) -> None:
    taken = {field: text for field, text in texts.items() if is_taken(kind, field, text)}
    present = frozenset(field for field, text in taken.items() if text)
    assert form_of(a_phone(kind, taken)) == ordinary_form(kind, present, frozenset(taken))


def is_taken(kind: PhoneType, field: str, text: str) -> bool:
    """Does the page take the value for this phone? When not: it says for which field and why."""
    try:
        parse_assignments([f"{field}={text}"])
        found = check_page(page_with(kind, {field: text}), NoNeighbours())
    except Refused as refused:
        found = list(refused.refusals)
    assert all(one.field == field and one.reason and "\n" not in one.reason for one in found)
    return not found and can_have(kind, field)


def can_have(kind: PhoneType, field: str) -> bool:
    """Is the field open on this kind of phone?"""
    login = kind.facts.admin_login
    if field in ("admin_username", "admin_password"):
        return login is not None and not (field == "admin_username" and login.username)
    return field not in kind.facts.lacks


def page_with(kind: PhoneType, texts: Texts) -> Page:
    a = a_phone(kind, texts)
    line = a.lines[0].extension
    values: dict[str, Value] = {**DEFAULTS, **a.values, **line, "line": 1, "use_provisioning": True}
    return Page(values, a.site, extension_id=1)


def a_phone(kind: PhoneType, texts: Texts) -> Phone:
    """A phone of this kind with two lines where it has them, lamps where it has them, and these
    values; others are ordinary."""
    values = {**ordinary(kind), **texts}
    device: dict[str, Any] = {n: text for n, text in values.items() if n in OF_THE_DEVICE}
    lamps = 2 if kind.facts.park_keys and kind.keys > 4 else None
    return phone(
        kind.manufacturer,
        kind.model,
        kind.firmware,
        lines=min(2, kind.lines),
        sip={field: text for field, text in values.items() if field not in OF_THE_DEVICE},
        parking_watch_lines=lamps,
        **device,
    )


@cache
def ordinary(kind: PhoneType) -> Texts:
    values = {field: text for field, text in ORDINARY.items() if can_have(kind, field)}
    if kind.facts.admin_login is not None:
        values["admin_password"] = fitting_password(kind)
    rule = kind.facts.sip_password
    values["sip_password"] = next(
        word for word in (ORDINARY["sip_password"], "84512973") if not rule.reason_against(word)
    )
    return values


Form = dict[str, tuple[frozenset[str], int]]


def form_of(a: Phone) -> Form:
    """Of each file by its name: which settings it has, and how many lines."""
    files = render(a)
    return {file.name: (frozenset(parse_back(file)), file.text.count("\n")) for file in files}


@cache
def ordinary_form(kind: PhoneType, present: frozenset[str], given_: frozenset[str]) -> Form:
    """The form of the files with ordinary values where one of `given_` says something, and nothing
    where it is empty."""
    known = ordinary(kind)
    empty = dict.fromkeys(given_ - present, "")
    return form_of(a_phone(kind, {**{field: known[field] for field in present}, **empty}))


def test_enough_of_them_are_taken_to_prove_something() -> None:
    kind = next(kind for kind in KINDS.values() if kind.facts.admin_login is not None)
    fair = {
        "extension_name": """O'Brien & Sons <b> "x" = a: ;#!%s {{ 7 }} ]]> \\ Ünï 日本""",
        "sip_password": "a&b<c>d'e;f#g%h=i:j{k}l,m",
        "notes": "</note> {% x %}",
        "friendly_name": "Desk99",
    }
    refused = {
        "extension_name": "two\nlines",
        "notes": "\u202ebidi",
        "sip_password": "tab\there",
        "friendly_name": "De",
        "application_version": "a b",
    }
    assert all(is_taken(kind, field, text) for field, text in fair.items())
    assert not any(is_taken(kind, field, text) for field, text in refused.items())
    assert set(VALUES) <= set(FIELDS)
