"""Our own templates, rendered as if they were a customer's, give the same bytes; and what a
customer adds to them behaves as an admin expects."""

from __future__ import annotations

from functools import cache

import pytest

from tests.render.cases import CASES, representatives
from tuiprov.data.catalog import FormatName
from tuiprov.render import engine
from tuiprov.render.sandbox import Job, check, render_job, render_jobs
from tuiprov.render.values import template_values

FAMILIES = sorted(path.name for path in engine.TEMPLATES.iterdir())


@cache
def sources(family: str) -> dict[str, str]:
    """A family's own templates, as a customer would copy them."""
    folder = engine.TEMPLATES
    paths = sorted((folder / family).glob("*.j2"))
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in paths}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_s_templates_give_the_same_bytes_in_the_sandbox(family: str) -> None:
    jobs, expected = [], []
    for kind in representatives():
        for build in CASES.values() if kind.templates == family else ():
            phone = build(kind)
            if phone is not None:
                values = template_values(phone, kind)
                for rule in kind.facts.files:
                    seen = {"site": values["site"]} if rule.scope == "site" else values
                    jobs.append(Job(f"{family}/{rule.template}", rule.format, seen))
                expected += [file.text for file in engine.render(phone)]
    assert len(jobs) == len(expected) > 6
    assert render_jobs(sources(family), jobs) == expected


@pytest.mark.parametrize("family", FAMILIES)
def test_our_own_templates_pass_the_check(family: str) -> None:
    assert check(sources(family)) == []


@pytest.mark.parametrize(
    ("format_name", "expected"),
    [("xml", "a &amp; &#34;b&#34;"), ("equals", 'a & "b"'), ("colon", "a & 'b'")],
)
def test_a_printed_value_is_escaped_by_the_file_s_format(
    format_name: FormatName, expected: str
) -> None:
    assert one("{{ name }}", format_name, name='a & "b"') == expected


def test_white_space_is_treated_as_in_our_own_templates() -> None:
    source = "a\n  {% if true %}\nb\n  {% endif %}\n{# c #}\n"
    assert one(source) == engine.environment("equals").from_string(source).render() == "a\nb\n"


def test_super_keeps_the_lines_of_the_block_and_escapes_nothing_twice() -> None:
    base = "{% block b %}\n<name>{{ name }}</name>\n{% endblock %}\n"
    child = "{% extends 'base.j2' %}\n{% block b %}\n{{ super() }}<more/>\n{% endblock %}"
    values = {"name": "a & b"}
    text = render_job({"base.j2": base, "a.j2": child}, Job("a.j2", "xml", values))
    assert text == "<name>a &amp; b</name>\n<more/>\n"


def test_a_macro_s_text_is_not_escaped_twice() -> None:
    source = "{% macro key(n) %}<key>{{ n }}</key>\n{% endmacro %}{{ key('a & b') }}{{ key(2) }}"
    assert one(source, "xml") == "<key>a &amp; b</key>\n<key>2</key>\n"


def test_text_made_of_a_macro_s_text_is_escaped_again() -> None:
    source = "{% macro key(n) %}<key>{% endmacro %}{{ key(1) ~ '' }}{{ key(1) | upper }}"
    assert one(source, "xml") == "&lt;key&gt;&lt;KEY&gt;"


def test_a_value_cannot_pass_for_rendered_text() -> None:
    source = "{% set line %}\nname = {{ name }}\n{% endset %}{{ line }}"
    with pytest.raises(Exception, match="control character"):
        one(source, name="a\nb = c")


def one(source: str, format_name: FormatName = "equals", **values: object) -> str:
    return render_job({"a.j2": source}, Job("a.j2", format_name, values))
