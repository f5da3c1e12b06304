"""Rendering is pure, strict and complete; what is malformed is never published."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

import tuiprov.render
from tests.phones import phone
from tests.render.cases import representatives
from tuiprov.data.catalog import FormatName
from tuiprov.errors import RenderError
from tuiprov.render.engine import RenderedFile, environment, parse_back, render

KINDS = {f"{t.label} {t.firmware}": t for t in representatives()}


def made(text: str, format_name: FormatName = "equals") -> RenderedFile:
    return RenderedFile("x.cfg", "tftp/x.cfg", text, format_name, "latin-1", False)


@pytest.mark.parametrize("name", KINDS)
def test_the_same_phone_gives_the_same_bytes(name: str) -> None:
    one = KINDS[name]
    words = (one.manufacturer, one.model, one.firmware)
    assert render(phone(*words)) == render(phone(*words))


@pytest.mark.parametrize("name", KINDS)
def test_every_file_ends_with_one_newline_and_has_no_carriage_return(name: str) -> None:
    one = KINDS[name]
    for file in render(phone(one.manufacturer, one.model, one.firmware)):
        assert file.text.endswith("\n"), file.name
        assert not file.text.endswith("\n\n"), file.name
        assert "\r" not in file.text


def test_rendering_imports_no_clock_no_database_no_network_and_no_chance() -> None:
    forbidden = {"time", "datetime", "random", "secrets", "socket", "sqlmodel", "sqlalchemy"}
    for path in Path(tuiprov.render.__path__[0]).glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {
            name.split(".")[0]
            for node in ast.walk(tree)
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        assert names & forbidden == set(), path.name


def test_a_disabled_phone_has_no_file() -> None:
    assert render(phone("Snom", "D765", "10", status="disabled")) == []


def test_a_phone_that_is_not_in_the_catalogue_has_no_file() -> None:
    one = phone("Snom", "D765", "10")
    assert render(replace(one, values={**one.values, "model": "D9999"})) == []


def test_another_spelling_of_the_firmware_gives_the_same_file() -> None:
    one = phone("Snom", "D765", "10")
    lower = replace(one, values={**one.values, "model": "d765", "manufacturer": "SNOM"})
    assert render(lower) == render(one)


def test_an_undefined_name_in_a_template_fails() -> None:
    template = environment("equals").from_string("a = {{ phone.colour }}\n")
    with pytest.raises(Exception, match=r"Undefined|colour"):
        template.render(phone={})


@pytest.mark.parametrize("value", [True, None, 1.5, ["a"], {"a": 1}])
def test_only_text_and_whole_numbers_are_printed(value: object) -> None:
    with pytest.raises(RenderError, match="a template prints a"):
        environment("xml").from_string("{{ value }}").render(value=value)


def test_a_letter_outside_the_phone_s_character_set_is_refused_with_the_file() -> None:
    with pytest.raises(RenderError, match=r"x\.cfg: .*latin-1"):
        _ = made("a = →\n").data


def test_a_malformed_file_is_refused_with_its_name_and_line() -> None:
    with pytest.raises(RenderError, match=r"x\.cfg: line 1 is not a setting"):
        parse_back(made("nonsense\n"))


@pytest.mark.parametrize("format_name", ["xml", "equals", "colon", "fanvil"])
def test_a_value_with_a_line_break_never_reaches_a_file(format_name: FormatName) -> None:
    template = environment(format_name).from_string("a = {{ value }}")
    for bad in ("a\nb", "a\rb", "a\x00b", "a\x1bb", "a\x85b", "a\u2028b"):
        with pytest.raises(RenderError, match="a value holds a control character"):
            template.render(value=bad)
