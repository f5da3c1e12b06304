"""The templates area: the list, the editor with a phone's files beside it, merging and saving."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual import events

from tests.screens.desk import NARROW, SETTINGS, WIDE, Desk, at_desk
from tests.screens.office import BOARD, publish_all, published, set_columns
from tests.screens.test_hostile import HOSTILE, assert_harmless
from tests.sites import Site
from tuiprov.data.models import Device
from tuiprov.data.sections import SERVER_DEFAULT
from tuiprov.data.templates.fields import TEMPLATE_FIELDS
from tuiprov.data.templates.parts import TemplateView
from tuiprov.data.templates.tables import Template, TemplateFile
from tuiprov.publish.template_work import TemplateWork
from tuiprov.render import defaults

USER_FILE, MASTER = "polycom/user.cfg.j2", "polycom/master.cfg.j2"
PICTURE = """<polycomConfig
{# The names of the lines. #}
{% for line in lines %}
  reg.{{ line.number }}.displayName="{{ line.name }}"
  reg.{{ line.number }}.auth.password="{{ line.password }}"
{% endfor %}
/>
"""
LOOP = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"


def make(site: Site, name: str = "Acme", viewer: Any = None, **values: str) -> TemplateView:
    """A template for the board room's Polycom, a copy of the server default."""
    work = TemplateWork(site.store, viewer or site.admin)
    empty = dict.fromkeys(TEMPLATE_FIELDS, "")
    settings = {"name": name, "manufacturer": "Polycom", "models": "VVX411", **values}
    return work.open(work.copy({**empty, **settings}))


def write(site: Site, view: TemplateView, **texts: str) -> TemplateView:
    """Put texts into a template past all checks, by the last part of their path."""
    paths = {path.partition("/")[2].partition(".")[0]: path for path in view.files}
    named = {paths[name]: text for name, text in texts.items()}
    with site.database.write() as session:
        for path, text in named.items():
            file = session.get_one(TemplateFile, (view.id, path))
            file.text = text
    return replace(view, files={**view.files, **named})


def stored(site: Site, path: str = USER_FILE) -> str:
    return next(file.text for file in site.rows(TemplateFile) if file.path == path)


async def area(desk: Desk, *names: str) -> None:
    await desk.press("f5")
    await desk.see("Provisioning templates", SERVER_DEFAULT, *names)


async def edit(desk: Desk, name: str = "Acme", file: str = "user.cfg.j2") -> None:
    """To the editor of a template, with one of its files under the keys and a phone beside it."""
    await area(desk, name)
    await desk.type(name)
    await desk.until(lambda: SERVER_DEFAULT not in desk.part("table") and name in desk.text)
    await desk.press("enter")
    await desk.see(f"Template {name}")
    await to_file(desk, file)
    await looked(desk)


async def to_file(desk: Desk, file: str) -> None:
    for _ in range(8):
        if current_file(desk).startswith(file):
            return
        await desk.press("f8")
    raise AssertionError(desk.part("templates"))


def current_file(desk: Desk) -> str:
    return str(desk.app.screen._path.partition("/")[2])  # type: ignore[attr-defined]


async def looked(desk: Desk) -> None:
    """Until what is typed has been tried."""
    await desk.until(lambda: desk.app.screen._behind.is_settled)  # type: ignore[attr-defined]


def beside(desk: Desk) -> str:
    """The words beside the form, without their line ends."""
    return " ".join(desk.part("preview").split())


async def paste(desk: Desk, text: str) -> None:
    desk.app.screen.focused.post_message(events.Paste(text))  # type: ignore[union-attr]
    await desk.settle()


async def replace_all(desk: Desk, text: str) -> None:
    """Put this text in the place of the file's."""
    await desk.press("ctrl+home", "ctrl+space", "ctrl+end", "delete")
    await paste(desk, text)


# -- the list -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_the_list_begins_with_the_server_default_and_escape_goes_back(
    office: Site, size: Any
) -> None:
    make(office)
    office.save(BOARD, template="Acme")
    async with at_desk(office, size=size) as desk:
        await area(desk, "Acme")
        lines = desk.part("table").splitlines()
        assert SERVER_DEFAULT in lines[1]
        assert "Polycom" in lines[2]
        assert "VVX411" in lines[2]
        assert lines[2].split()[-2:] == ["2", "1"], "two files, used by one device"
        await desk.press("escape")
        await desk.see("Extensions")


async def test_a_template_is_made_as_a_copy_of_the_server_default(office: Site) -> None:
    async with at_desk(office) as desk:
        await area(desk)
        await desk.press("ctrl+n")
        await desk.see("New template: a copy of the server default")
        await desk.press("f2")
        await desk.see("is missing")
        await desk.fill("Name", "Acme")
        await desk.pick("Manufacturer", "Polycom")
        await desk.field("Models")
        await desk.press("enter")
        await desk.see("Space tick", "VVX411")
        await desk.press("space", "enter", "f2")
        await desk.see("Template Acme", "user.cfg.j2")
        assert {file.path for file in office.rows(TemplateFile)} >= {USER_FILE, MASTER}
        assert all(file.text == file.base for file in office.rows(TemplateFile))


async def test_a_name_that_is_taken_is_told_as_one_types(office: Site) -> None:
    make(office)
    async with at_desk(office) as desk:
        await area(desk, "Acme")
        await desk.press("ctrl+n")
        await desk.fill("Name", "acme")
        assert "another template of this name" in desk.under("Name")


async def test_a_copy_of_a_template_has_its_texts(office: Site) -> None:
    write(office, make(office), user="mine = 1\n")
    async with at_desk(office) as desk:
        await area(desk, "Acme")
        await desk.press("end", "f7")
        await desk.see("a copy of Acme")
        await desk.fill("Name", "Second")
        await desk.press("f2")
        await desk.see("Template Second")
        assert [file.text for file in office.rows(TemplateFile)].count("mine = 1\n") == 2


async def test_a_template_in_use_stays_and_an_unused_one_goes_after_a_question(
    office: Site,
) -> None:
    make(office)
    office.save(BOARD, template="Acme")
    async with at_desk(office) as desk:
        await area(desk, "Acme")
        await desk.press("end", "delete")
        await desk.see("Remove Acme?")
        await desk.press("y")
        await desk.see("1 device uses Acme")
        await desk.press("enter")
        office.save(BOARD, template=SERVER_DEFAULT)
        await desk.press("f9")
        await desk.see("Remove Acme?")
        await desk.press("y")
        await desk.until(lambda: "Acme" not in desk.text)
        assert office.rows(Template) == []


async def test_the_server_default_cannot_be_removed(office: Site) -> None:
    async with at_desk(office) as desk:
        await area(desk)
        await desk.press("delete", "y")
        await desk.see("is built in and stays")


async def test_a_template_goes_out_and_in_as_a_folder(office: Site, tmp_path: Path) -> None:
    make(office)
    async with at_desk(office) as desk:
        await area(desk, "Acme")
        await desk.press("end", "f8")
        await desk.see("Export Acme to")
        await desk.press("ctrl+u")
        await desk.type(f"{tmp_path}/out")
        await desk.press("enter")
        await desk.see("Wrote Acme")
        file = tmp_path / "out" / USER_FILE
        file.write_text(file.read_text() + "<!-- more -->\n")
        await desk.press("f4")
        await desk.see("Import from")
        await desk.press("ctrl+u")
        await desk.type(f"{tmp_path}/out")
        await desk.press("enter")
        await desk.see("Changed Acme")
        assert stored(office).endswith("<!-- more -->\n")


async def test_a_folder_whose_template_runs_for_ever_holds_nothing_up(
    office: Site, tmp_path: Path
) -> None:
    """It is taken: for a real phone it may end. What it does to one is told when it is tried."""
    TemplateWork(office.store, office.admin).export(make(office), tmp_path / "out")
    (tmp_path / "out" / USER_FILE).write_text(LOOP)
    async with at_desk(office) as desk:
        await area(desk, "Acme")
        await desk.press("f4", "ctrl+u")
        await desk.type(f"{tmp_path}/out")
        await desk.press("enter")
        await desk.see("Import", "Working")
        await desk.see("Changed Acme")


# -- typing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_fault_is_marked_in_its_line_with_words_as_one_types(
    office: Site, size: Any
) -> None:
    make(office)
    async with at_desk(office, size=size) as desk:
        await edit(desk)
        assert "<polycomConfig" in desk.part("preview")
        await desk.press("down")
        await desk.type("{{ nosuch }}")
        await desk.see("'nosuch' is not defined", "before the fault")
        line = desk.part("text").splitlines()[1]
        assert line.lstrip().startswith("2 ! {{ nosuch }}")
        assert f"{USER_FILE}, line 2" in desk.part("notes")
        assert "user.cfg.j2 ! *" in desk.part("templates")
        await desk.press(*["backspace"] * 12)
        await desk.until(lambda: "not defined" not in desk.text)
        assert "before the fault" not in desk.text


async def test_what_differs_from_the_server_default_is_marked_beside(office: Site) -> None:
    make(office)
    async with at_desk(office) as desk:
        await edit(desk)
        await desk.press("f7")
        await desk.see("Find")
        await desk.type("reg.")
        await desk.press("enter", "home")
        await desk.type('up.mine="1" ')
        await desk.until(lambda: "up.mine" in desk.part("preview"))
        marked = [line for line in desk.part("preview").splitlines() if "~" in line]
        assert len(marked) == 1
        assert 'up.mine="1"' in marked[0]


async def test_secrets_are_masked_beside_the_template_whatever_it_prints(office: Site) -> None:
    make(office)
    async with at_desk(office) as desk:
        await edit(desk)
        words = "{% for line in lines %}{{ line.password | reverse }}{% endfor %}"
        await replace_all(desk, f'<a b="{words}{{{{ admin.password }}}}"/>\n')
        await desk.until(lambda: "****" in desk.part("preview"))
        assert "mN55tRe6YhBv" not in desk.text
        assert "vBhY6eRt55Nm" not in desk.text
        assert "84512973" not in desk.text


async def test_a_file_that_comes_out_malformed_says_where(office: Site) -> None:
    make(office)
    async with at_desk(office) as desk:
        await edit(desk)
        await replace_all(desk, "<a>\n<b>\n</a>\n")
        await desk.see("not well-formed XML", "line 3")
        assert any("▌" in line and "</a>" in line for line in desk.part("preview").splitlines())


async def test_the_editor_is_alive_while_the_template_runs_for_ever(office: Site) -> None:
    make(office)
    async with at_desk(office) as desk:
        await edit(desk)
        await replace_all(desk, LOOP)
        screen: Any = desk.app.screen
        await desk.until(lambda: screen._behind._is_busy)
        slowest = 0.0
        for letter in "abcdefgh":
            start = time.perf_counter()
            await desk.press(letter)
            slowest = max(slowest, time.perf_counter() - start)
        assert screen._behind._is_busy, "the loop is still running"
        assert "abcdefgh" in desk.part("text")
        assert slowest < 0.7, "the loop would take 1.5 s"
        await desk.see("ran longer than 1.5 s")


async def test_an_answer_to_an_older_text_is_dropped(office: Site) -> None:
    make(office)
    async with at_desk(office) as desk:
        await edit(desk)
        await replace_all(desk, LOOP)
        screen: Any = desk.app.screen
        await desk.until(lambda: screen._behind._is_busy)
        shown: list[Any] = []
        screen._behind._show = shown.append
        await replace_all(desk, '<a b="1"/>\n')
        await looked(desk)
        assert [look.faults for look in shown] == [()]


async def test_each_file_keeps_its_caret_and_its_undo(office: Site) -> None:
    make(office)
    async with at_desk(office) as desk:
        await edit(desk, file="master.cfg.j2")
        await desk.type("xyz")
        await desk.press("f8")
        assert current_file(desk) == "user.cfg.j2"
        await desk.press("f3")
        await desk.see("Nothing to undo")
        await desk.press("ctrl+b", "f3")
        assert "xyz" not in desk.part("text")
        await desk.press("f4")
        assert "xyz" in desk.part("text")


async def test_words_are_found_and_found_again(office: Site) -> None:
    make(office)
    async with at_desk(office) as desk:
        await edit(desk)
        await desk.press("f7")
        await desk.type("line.number")
        await desk.press("enter")
        first = desk.part("help")
        await desk.press("ctrl+g")
        await desk.until(lambda: desk.part("help") != first)
        await desk.press("f7", "ctrl+u")
        await desk.type("no such words")
        await desk.press("enter")
        await desk.see("no such words is not in this file")


async def test_another_phone_is_chosen_from_those_it_is_for(office: Site) -> None:
    make(office)
    async with at_desk(office) as desk:
        await edit(desk)
        assert "Board01" in desk.part("help")
        await desk.press("f5")
        await desk.see("type to filter", "Board01", "made-up")
        assert "Sales01" not in desk.text
        await desk.type("made")
        await desk.press("enter")
        await desk.until(lambda: "Sample" in desk.part("help"))
        await desk.until(lambda: "Sample" in desk.part("preview"))


async def test_the_server_default_opens_read_only(office: Site) -> None:
    async with at_desk(office) as desk:
        await area(desk)
        await desk.press("enter")
        await desk.see("read only")
        await looked(desk)
        before = desk.part("text")
        await desk.type("xyz")
        await desk.press("delete", "f2", "ctrl+r", "ctrl+o")
        assert desk.part("text") == before
        assert "Save" not in desk.part("keys")
        await desk.press("escape")
        await desk.see("Filter")


@pytest.mark.parametrize("level", ["view", "modify"])
async def test_a_template_of_somebody_above_opens_read_only(office: Site, level: Any) -> None:
    make(office)
    async with at_desk(office, office.viewer("user", level, name="board")) as desk:
        await edit(desk)
        await desk.see("read only")
        await desk.type("xyz")
        assert "xyz" not in desk.text


async def test_a_phone_terminal_has_no_templates_area(office: Site) -> None:
    async with at_desk(office, office.viewer("terminal", "modify")) as desk:
        await desk.press("f5")
        await desk.settle()
        assert "Provisioning templates" not in desk.text


# -- saving ---------------------------------------------------------------------------------------


async def test_saving_shows_the_plan_first_and_enter_stores_and_publishes(office: Site) -> None:
    make(office)
    office.save(BOARD, template="Acme")
    publish_all(office)
    before = published(office)
    async with at_desk(office) as desk:
        await edit(desk)
        await desk.press("ctrl+end")
        await paste(desk, "<!-- seen by {{ phone.model }} -->\n")
        await desk.press("f2")
        await desk.see("Plan", "template Acme", "1 to replace", "+<!-- seen by VVX411 -->")
        assert "seen by" not in stored(office)
        await desk.press("escape")
        await desk.see("Template Acme *")
        assert published(office) == before
        await desk.press("f2", "enter")
        await desk.see("Saved. Files: 1 replaced.")
        assert "Template Acme *" not in desk.text
        assert "seen by" in stored(office)
    changed = {path for path, text in published(office).items() if text != before[path]}
    assert len(changed) == 1
    assert "<!-- seen by VVX411 -->" in published(office)[changed.pop()]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{% if %}", "line 1"),
        ("{{ nosuch }}", "'nosuch' is not defined"),
        ("{% include 'polycom/nowhere.j2' %}", "there is no template"),
    ],
)
async def test_a_template_that_is_wrong_in_itself_is_not_saved(
    office: Site, text: str, told: str
) -> None:
    make(office)
    async with at_desk(office) as desk:
        await edit(desk)
        await replace_all(desk, text)
        await desk.press("f2")
        await desk.see("Not saved", USER_FILE, told)
        assert stored(office) != text


async def test_a_new_name_is_saved_with_the_files_and_follows_to_the_devices(
    office: Site,
) -> None:
    make(office)
    office.save(BOARD, template="Acme")
    async with at_desk(office) as desk:
        await edit(desk)
        await desk.press("ctrl+o")
        await desk.fill("Name", "Renamed")
        await desk.press("f2")
        await desk.see("Template Renamed *")
        assert [row.name for row in office.rows(Template)] == ["Acme"]
        await desk.press("f2", "enter")
        await desk.see("Saved.")
        assert [row.name for row in office.rows(Template)] == ["Renamed"]
        assert "Renamed" in {device.template for device in office.rows(Device)}


async def test_more_models_bring_the_files_that_they_need(office: Site) -> None:
    make(office)
    async with at_desk(office) as desk:
        await edit(desk)
        await desk.press("ctrl+o")
        await desk.field("Models")
        await desk.press("enter")
        await desk.see("Space tick")
        await desk.press("home", "space", "enter", "f2")  # no model named: all of them
        await desk.see("user-sip3.cfg.j2")


async def test_what_is_not_saved_is_asked_about(office: Site) -> None:
    make(office)
    async with at_desk(office) as desk:
        await edit(desk)
        await desk.type("x")
        await desk.press("escape")
        await desk.see("Unsaved changes")
        await desk.press("escape")
        await desk.see("Template Acme *")
        await desk.press("escape", "d")
        await desk.see("Filter")
        assert not stored(office).startswith("x")


async def test_somebody_else_who_saved_first_is_told(office: Site) -> None:
    view = make(office)
    async with at_desk(office) as desk:
        await edit(desk)
        await desk.press("ctrl+end")
        await paste(desk, "<!-- mine -->\n")
        theirs = {**view.files, USER_FILE: view.files[USER_FILE] + "<!-- theirs -->\n"}
        office.store.templates.save(office.admin, replace(view, files=theirs))
        await desk.press("f2", "enter")
        await desk.see("somebody else changed template Acme")
        assert stored(office).endswith("<!-- theirs -->\n")


async def test_a_template_is_tried_with_every_device_that_uses_it(office: Site) -> None:
    make(office)
    office.save(BOARD, template="Acme")
    async with at_desk(office) as desk:
        await edit(desk)
        await desk.press("ctrl+t")
        await desk.see("No fault", "Tried with 1 phone.")
        await desk.press("enter")
        await replace_all(desk, "{{ lines[7].label }}")
        await desk.press("ctrl+t")
        await desk.see("Faults with 1 phone", "Board01", f"{USER_FILE}, line 1")


# -- a server default that changes ----------------------------------------------------------------


@pytest.fixture
def newer(office: Site, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make the server default of the Polycom's file another one, as an upgrade would."""
    make(office)
    source = defaults._source

    def change(text: str) -> None:
        found = lambda path: text if path == USER_FILE else source(path)  # noqa: E731
        monkeypatch.setattr(defaults, "_source", found)

    return change


async def test_a_clean_merge_is_offered_and_saved(
    office: Site, newer: Callable[[str], None]
) -> None:
    usual = stored(office)
    async with at_desk(office) as desk:
        await edit(desk)
        await desk.press("ctrl+r")
        await desk.see("Nothing to merge")
        newer(usual + "<!-- new -->\n")
        await desk.press("escape", "escape")
        await desk.see("Server default", "~ newer")
        await desk.press("end", "enter")
        await desk.see("Template Acme")
        await desk.press("ctrl+r")
        await desk.see("1 file merged. F2 saves.", "Template Acme *")
        await desk.press("f2", "enter")
        await desk.see("Saved.")
        await desk.press("escape")
        await desk.until(lambda: "Filter" in desk.text and "~ newer" not in desk.text)
    assert stored(office) == usual + "<!-- new -->\n"


async def test_a_conflict_is_marked_and_cannot_be_saved_before_it_is_mended(
    office: Site, newer: Callable[[str], None]
) -> None:
    usual = stored(office)
    view = TemplateWork(office.store, office.admin).named("Acme")
    write(office, view, user=usual + "<!-- mine -->\n")
    newer(usual + "<!-- new -->\n")
    async with at_desk(office) as desk:
        await edit(desk)
        await desk.press("ctrl+r")
        await desk.see("1 file merged, 1 conflict to mend")
        await desk.see("begins or ends a conflict", "<<<<<<< yours")
        await desk.press("f2")
        await desk.see("Not saved", "still marks a conflict of the merge")
        await desk.press("enter")
        await replace_all(desk, usual + "<!-- both -->\n")
        await desk.press("f2", "enter")
        await desk.see("Saved.")
    assert stored(office) == usual + "<!-- both -->\n"


# -- on the page of an extension ------------------------------------------------------------------


async def test_the_page_shows_the_file_by_its_template(office: Site) -> None:
    view = make(office)
    write(office, view, user='<mine name="{{ phone.name }}" words="{{ lines[0].name }}"/>\n')
    async with at_desk(office) as desk:
        await desk.open(BOARD, SETTINGS)
        await desk.pick("Provisioning template", "Acme")
        await looked(desk)
        await desk.tab('<mine name="Board01"')
        await desk.press("f2")
        await desk.see("Plan")
        assert '<mine name="Board01"' in desk.part("changes")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{ nosuch }}", "'nosuch' is not defined"),
        ("{% if", "line 1"),
        (LOOP, "ran longer than 1.5 s"),
        ("{% for i in range(99999) %}{{ 'x' * 99 }}{% endfor %}", "more than 1 MiB"),
    ],
    ids=["unknown name", "broken", "looping", "huge"],
)
async def test_a_broken_template_never_breaks_the_page(office: Site, text: str, told: str) -> None:
    write(office, make(office), user=text)
    set_columns(office, "device", {"template": "Acme"}, "manufacturer = 'Polycom'")
    async with at_desk(office) as desk:
        await desk.open(BOARD, SETTINGS)
        await desk.until(lambda: "No file" in beside(desk) and told in beside(desk))
        await desk.fill("Phone update interval", "7200")
        assert "7200" in desk.row("Phone update interval")


async def test_the_page_is_alive_while_its_template_runs_for_ever(office: Site) -> None:
    write(office, make(office), user=LOOP)
    set_columns(office, "device", {"template": "Acme"}, "manufacturer = 'Polycom'")
    async with at_desk(office) as desk:
        await desk.open(BOARD, SETTINGS)
        await desk.field("Phone update interval")
        screen: Any = desk.app.screen
        await desk.until(lambda: screen._behind._is_busy)
        start = time.perf_counter()
        await desk.type("12")
        assert time.perf_counter() - start < 1.0
        assert screen._behind._is_busy
        await desk.until(lambda: "ran longer than 1.5 s" in beside(desk))


async def test_revealed_passwords_are_gone_at_once_when_they_are_hidden_again(
    office: Site,
) -> None:
    make(office)
    office.save(BOARD, template="Acme")
    async with at_desk(office) as desk:
        await desk.open(BOARD, SETTINGS)
        await looked(desk)
        await desk.tab("reg.1.")
        await desk.press("f7")
        await desk.until(lambda: "mN55tRe6YhBv" in desk.part("preview"))
        await desk.press("f7")
        assert "mN55tRe6YhBv" not in desk.part("preview")
        await looked(desk)
        assert "mN55tRe6YhBv" not in desk.part("preview")


# -- hostile values, pictures ---------------------------------------------------------------------


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_hostile_templates_are_only_text(office: Site, size: Any) -> None:
    view = make(office)
    write(office, view, user=f"{HOSTILE}\n{{{{ nosuch }}}}")
    hostile = dict.fromkeys(("name", "models", "firmware", "notes"), HOSTILE)
    set_columns(office, "template", hostile)
    set_columns(office, "account", {"name": HOSTILE}, "kind = 'system'")
    set_columns(office, "device", {"friendly_name": HOSTILE, "mac": HOSTILE})
    async with at_desk(office, size=size) as desk:
        await area(desk)
        await desk.press("end")
        for keys in (("f8",), ("escape", "f7"), ("escape", "delete"), ("escape", "enter")):
            await desk.press(*keys)
            await desk.settle()
            assert_harmless(desk)
        await desk.see("Template")
        await looked(desk)
        for key in ("f8", "down", "f5", "escape", "ctrl+o", "escape", "ctrl+t"):
            await desk.press(key)
            assert_harmless(desk)


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "140x40"])
class TestPictures:
    async def test_list(self, office: Site, size: Any, snapshot: Any) -> None:
        make(office)
        make(office, "Reception", firmware="6.x")
        async with at_desk(office, size=size) as desk:
            await area(desk, "Reception")
            assert desk.text == snapshot

    async def test_editor_with_a_fault(self, office: Site, size: Any, snapshot: Any) -> None:
        write(office, make(office), user=PICTURE)
        async with at_desk(office, size=size) as desk:
            await edit(desk)
            await desk.press("down", "end")
            await desk.type(" {{ nosuch }}")
            await desk.see("is not defined")
            assert desk.text == snapshot

    async def test_settings(self, office: Site, size: Any, snapshot: Any) -> None:
        make(office)
        async with at_desk(office, size=size) as desk:
            await edit(desk)
            await desk.press("ctrl+o")
            await desk.see("Firmware/Version")
            assert desk.text == snapshot
