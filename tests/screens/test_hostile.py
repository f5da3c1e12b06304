"""Stored values that would steer a terminal or a widget are shown as the text they are."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from typing import Any

import pytest
from rich.segment import Segment
from sqlmodel import AutoString

from tests.screens.desk import (
    DEVICE,
    NARROW,
    PROVISIONING,
    SIP,
    VIRTUALIZATION,
    WIDE,
    Desk,
    at_desk,
)
from tests.screens.office import SALES, TRUNK, publish_all, set_columns
from tests.sites import Site
from tuiprov.data.models import Account, Device, Extension
from tuiprov.data.sections import FIELDS

HOSTILE = "\x1b[31m\x9b2J[/foo][@click=app.quit]x[/]\u202eabc"
SHOWN = "\\x1b[31m\\x9b2J[/foo][@click=app.quit]x[/]\\u202eabc"

EQUIPMENT = {"manufacturer", "model", "firmware", "status", "update_protocol", "mac", "token"}
"""Columns that decide which file there is at all."""


def text_columns(table: type[Any], leave: Collection[str] = ()) -> list[str]:
    columns = table.__table__.columns
    return [c.name for c in columns if isinstance(c.type, AutoString) and c.name not in leave]


def poison(site: Site, *, equipment: bool) -> Site:
    """A hostile value in every text column of accounts, extensions and devices, by a stranger's
    hand; the equipment only when asked for, because nothing is rendered without."""
    unique = {"serial", "token"}
    leave = unique if equipment else EQUIPMENT | unique
    set_columns(site, "device", dict.fromkeys(text_columns(Device, leave), HOSTILE))
    if equipment:
        set_columns(site, "device", dict.fromkeys(unique, HOSTILE), "id = 1")
    set_columns(site, "extension", dict.fromkeys(text_columns(Extension, {"extension"}), HOSTILE))
    set_columns(site, "extension", {"extension": HOSTILE}, f"extension = '{SALES}'")
    set_columns(site, "account", {"provision_permission": HOSTILE})
    set_columns(site, "account", {"os_login": HOSTILE}, "kind = 'provider'")
    set_columns(site, "account", {"name": HOSTILE}, "name IN ('Acme Ltd', 'sales')")
    return site


def segments(desk: Desk) -> list[Segment]:
    screen = desk.app.screen
    return [segment for strip in screen._compositor.render_strips() for segment in strip]


def assert_harmless(desk: Desk) -> None:
    """Nothing on the screen steers the terminal, nothing can be clicked, the program runs."""
    assert desk.app.is_running
    kinds = {unicodedata.category(char) for char in desk.text.replace("\n", "")}
    assert not kinds & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    for segment in segments(desk):
        assert segment.style is None or "@click" not in (segment.style.meta or {})


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "140x40"])
@pytest.mark.parametrize("equipment", [False, True], ids=["known phone", "unknown phone"])
class TestHostileValues:
    async def test_in_the_list(self, office: Site, size: tuple[int, int], equipment: bool) -> None:
        poison(office, equipment=equipment)
        async with at_desk(office, size=size) as desk:
            assert "\\x1b[31m" in desk.part("table")
            assert_harmless(desk)
            await desk.type("[/foo]")
            await desk.until(lambda: " 0 / 0" not in desk.part("filter"))
            assert_harmless(desk)

    async def test_on_every_section_of_the_page(
        self, office: Site, size: tuple[int, int], equipment: bool
    ) -> None:
        poison(office, equipment=equipment)
        async with at_desk(office, size=size) as desk:
            await open_first(desk)
            assert "\\x1b[31m" in desk.part("title")
            for number in range(PROVISIONING, VIRTUALIZATION + 1):
                await desk.section(number)
                for _ in range(16):
                    await desk.press("down")
                    assert_harmless(desk)
                await desk.press("f8", "f7")
                assert_harmless(desk)
            await desk.section(SIP)
            await desk.field("Equipment description")
            assert "\\x1b[31m" in desk.part("form")

    async def test_in_help_pickers_and_messages(
        self, office: Site, size: tuple[int, int], equipment: bool
    ) -> None:
        poison(office, equipment=equipment)
        async with at_desk(office, size=size) as desk:
            await open_first(desk)
            await desk.press("f1")
            await desk.see("Keys")
            assert_harmless(desk)
            await desk.press("enter")
            await desk.section(DEVICE)
            for label in ("Manufacturer", "Status"):
                await desk.field(label)
                await desk.press("enter")
                await desk.see("type to filter")
                assert_harmless(desk)
                await desk.press("escape")
            await desk.section(SIP)
            await desk.field("Allowed codecs")
            await desk.press("enter")
            await desk.see("Space tick")
            assert_harmless(desk)
            await desk.press("escape", "f2")
            assert_harmless(desk)

    async def test_in_the_plan(self, office: Site, size: tuple[int, int], equipment: bool) -> None:
        publish_all(office)
        poison(office, equipment=equipment)
        async with at_desk(office, size=size) as desk:
            await desk.press("f8")
            await desk.until(lambda: "Files" in desk.text or "cannot be planned" in desk.text)
            assert_harmless(desk)
            await desk.press("end")
            assert_harmless(desk)
            await desk.press("enter")
            await desk.until(lambda: "Plan" not in desk.part("title") or "Enter close" in desk.text)
            assert_harmless(desk)


class TestHostileElsewhere:
    async def test_in_a_published_file_that_somebody_changed(self, office: Site) -> None:
        publish_all(office)
        # Published by an older tuiprov, which kept no contents: the start puts nothing back.
        set_columns(office, "published_file", {"version_id": None})
        for path in office.publish_root.rglob("*.xml"):
            told = path.read_bytes().replace(b">3600<", b">" + HOSTILE.encode() + b"\xff<")
            path.write_bytes(told + b"\x00\xfe\x1b")
        async with at_desk(office) as desk:
            await desk.open(SALES)
            await desk.press("f8")
            assert_harmless(desk)
            await desk.press("f2")
            await desk.see("left as is")
            await desk.press("r", "end")
            assert SHOWN in desk.part("changes")
            assert_harmless(desk)

    async def test_typed_and_pasted_into_a_field(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, DEVICE)
            await desk.field("Notes")
            for char in HOSTILE:
                desk.app.post_message(_typed(char))
                await desk.settle()
            assert_harmless(desk)
            assert "visible characters" in desk.under("Notes") or "[/foo]" in desk.row("Notes")

    async def test_in_the_words_of_an_error(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.type("[@click=app.quit]x[/]:1")
            await desk.settle()
            assert_harmless(desk)
            set_columns(office, "extension", {"extension": HOSTILE}, f"extension = '{TRUNK}'")
            office.configure(publish_group=HOSTILE)
            await desk.press("ctrl+u", "f8")
            await desk.see("Files")
            await desk.press("enter")
            await desk.see("Not published", "[/foo]")
            assert_harmless(desk)

    async def test_in_a_kept_draft(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, DEVICE)
            await desk.fill("Notes", "x")
            desk.app._end()
        texts = '{"notes": "\\u001b[31m[/foo]", "no_such_field": "x", "mac": "[@click=app.quit]"}'
        set_columns(office, "kept_draft", {"texts": texts})
        async with at_desk(office) as desk:
            await desk.see("Unsaved changes")
            await desk.press("r")
            await desk.see("for Extension")
            await desk.section(DEVICE)
            assert "\\x1b[31m[/foo]" in desk.row("Notes")
            assert_harmless(desk)


def test_every_field_of_the_page_is_a_column_that_was_tried() -> None:
    tried = {*text_columns(Extension), *text_columns(Device), *text_columns(Account)}
    texts = {name for name, field in FIELDS.items() if field.kind not in ("flag", "number")}
    assert texts - tried == {"organization", "user"}, "these two are names of accounts"


async def open_first(desk: Desk) -> None:
    await desk.press("enter")
    await desk.until(lambda: bool(desk.app.screen.query("#form")) and bool(desk.current))


def _typed(char: str) -> Any:
    from textual import events

    return events.Key(char, char)
