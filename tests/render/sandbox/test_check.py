"""`check` looks at every template before one is stored, without any phone."""

from __future__ import annotations

import pytest

from tuiprov.render.sandbox import Job, TemplateFault, check, render_job

KIB = 1024


def words(sources: dict[str, str]) -> list[str]:
    return [str(fault) for fault in check(sources)]


def test_good_templates_have_no_fault() -> None:
    assert check({"a.j2": "{% include 'b/c.j2' %}{{ phone.name | upper }}\n", "b/c.j2": ""}) == []
    assert check({}) == []


def test_every_faulty_template_is_named() -> None:
    sources = {"a.j2": "\n{% if %}", "b.j2": "good", "c.j2": "{{ x", "d.j2": "\n\n{% end %}"}
    assert [(fault.template, fault.line) for fault in check(sources)] == [
        ("a.j2", 2),
        ("c.j2", 1),
        ("d.j2", 3),
    ]


def test_all_unknown_filters_tests_and_templates_of_one_file_are_named() -> None:
    source = (
        "{{ x is nothing }}\n{{ x | urlize }}\n"
        "{% include 'gone.j2' %}{% include 'gone.j2' ignore missing %}\n"
        "{% if y %}{{ x | nowhere }}{% import 'lost.j2' as lost %}{% endif %}"
    )
    assert words({"a.j2": source, "b.j2": "{% extends 'away.j2' %}"}) == [
        "a.j2, line 1: No test named 'nothing'",
        "a.j2, line 2: No filter named 'urlize'",
        "a.j2, line 3: there is no template 'gone.j2'",
        "a.j2, line 4: No filter named 'nowhere'",
        "a.j2, line 4: there is no template 'lost.j2'",
        "b.j2, line 1: there is no template 'away.j2'",
    ]


def test_a_template_may_be_as_large_as_the_limit_and_no_larger() -> None:
    assert check({"a.j2": "x" * 64 * KIB}) == []
    assert words({"a.j2": "x" * 64 * KIB + "x"}) == ["a.j2: is larger than 64 KiB"]
    assert words({"a.j2": "日" * 22 * KIB}) == ["a.j2: is larger than 64 KiB"]


def test_all_templates_together_have_a_limit() -> None:
    sources = {f"{n}.j2": "x" * 60 * KIB for n in range(5)}
    assert words(sources) == ["0.j2: all templates together are larger than 256 KiB"]
    with pytest.raises(TemplateFault, match="all templates together"):
        render_job(sources, Job("1.j2", "equals", {}))


def test_a_template_that_is_too_large_does_not_hide_the_faults_of_others() -> None:
    sources = {"a.j2": "x" * 65 * KIB, "b.j2": "{% include 'a.j2' %}\n{{ x"}
    assert words(sources) == [
        "a.j2: is larger than 64 KiB",
        "b.j2, line 2: unexpected end of template, expected 'end of print statement'",
    ]


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("a\n\x00", "a.j2, line 2: holds the character U+0000, which no template may hold"),
        ("a\r\nb\rc\n\x1b", "a.j2, line 4: holds the character U+001B, which no template may hold"),
        ("\ufeffa", "a.j2, line 1: holds the character U+FEFF, which no template may hold"),
        ("{# \x9b #}", "a.j2, line 1: holds the character U+009B, which no template may hold"),
        ("\ud800", "a.j2, line 1: holds the character U+D800, which no template may hold"),
        ("a\u2028b", "a.j2, line 1: holds the character U+2028, which no template may hold"),
    ],
)
def test_characters_that_no_file_may_hold_are_named(source: str, fault: str) -> None:
    assert words({"a.j2": source}) == [fault]


@pytest.mark.parametrize(
    "encoding", ["latin-1", "utf-8", "utf-8-sig", "utf-16", "cp1252", "ascii", "utf-32"]
)
def test_a_file_read_in_any_encoding_gets_a_verdict(encoding: str) -> None:
    data = "name = Müller {{ name }}\r\n".encode(encoding, "replace")
    for fault in check({"a.j2": data.decode("latin-1")}):
        assert str(fault).startswith("a.j2, line 1: holds the character U+")


def test_windows_line_ends_and_tabs_are_fine() -> None:
    assert check({"a.j2": "a\r\n\tb\r\n"}) == []


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "../a.j2", "a/../b.j2", "a//b", "a\nb", "a b'", ".hidden", "x" * 201, "a/"],
)
def test_names_that_could_be_anything_but_a_template_are_refused(name: str) -> None:
    (fault,) = check({name: "x"})
    assert "name" in fault.reason
    assert str(fault).isprintable()


def test_a_template_that_is_no_text_is_refused() -> None:
    assert words({"a.j2": b"bytes"}) == ["a.j2: is not text"]  # type: ignore[dict-item]
