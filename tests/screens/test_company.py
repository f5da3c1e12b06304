"""While a form is open one sees who else is at it and what they have stored, and loses nothing."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from tests.screens.desk import NARROW, SETTINGS, SIP, VIRTUALIZATION, at_desk
from tests.screens.office import BACK_OFFICE, SALES, SOFTPHONE
from tests.screens.test_devices import open_device
from tests.screens.test_merge import ACME, anna
from tests.screens.test_preferences import TELEPHONY, go
from tests.sites import Site
from tuiprov.data.together.tables import Presence
from tuiprov.screens import company
from tuiprov.screens.form_screen import FormScreen


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(company, "pause_seconds", 0.05)


def others(office: Site) -> list[str]:
    return [row.who for row in office.rows(Presence)]


class TestPresence:
    async def test_the_title_says_who_else_has_the_page_open(self, office: Site) -> None:
        office.store.presences.here(anna(office), office.page(SALES), "")
        async with at_desk(office, size=NARROW) as desk:
            await desk.open(SALES)
            await desk.until(lambda: f"{ACME} is editing this (since " in desk.part("title"))

    async def test_it_says_so_while_the_page_is_open_and_no_longer(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES)
            await desk.until(lambda: bool(others(office)))
            mine, _ = office.store.presences.here(anna(office), office.page(SALES), "")
            await desk.until(lambda: "is editing this" in desk.part("title"))
            office.store.presences.leave(mine)
            await desk.until(lambda: "is editing this" not in desk.part("title"))

    async def test_who_leaves_the_page_is_gone(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES)
            await desk.until(lambda: bool(others(office)))
            await desk.press("escape")
            await desk.until(lambda: not others(office))

    async def test_the_page_of_the_device_meets_the_extensions(self, office: Site) -> None:
        office.store.presences.here(anna(office), office.page(BACK_OFFICE), "")
        async with at_desk(office) as desk:
            await open_device(desk, "Sales01")
            await desk.until(lambda: f"{ACME} is editing this" in desk.part("title"))

    async def test_the_list_marks_what_somebody_else_edits(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SOFTPHONE)
            await desk.until(lambda: bool(others(office)))
            office.store.presences.here(anna(office), office.page(SALES), "")
            await desk.press("escape", "escape")
            await desk.until(lambda: "* O'Brien" in desk.part("table"))
            assert "* Softphone" not in desk.part("table")

    async def test_a_name_cannot_steer_the_terminal(self, office: Site) -> None:
        office.store.presences.here(anna(office), office.page(SALES), "")
        with office.database.write() as session:
            row = session.get_one(Presence, office.rows(Presence)[0].id)
            row.who = "\x1b[2Jeve\u202e"
            session.add(row)
        async with at_desk(office) as desk:
            await desk.open(SALES)
            await desk.until(lambda: "\\x1b[2Jeve\\u202e is editing" in desk.part("title"))

    async def test_a_database_that_cannot_be_written_hurts_nobody(
        self, office: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        office.store.presences.here(anna(office), office.page(SALES), "")
        async with at_desk(office) as desk:
            path = str(office.database.path)
            with sqlite3.connect(path) as other:
                other.execute("PRAGMA busy_timeout=0")
                other.execute(
                    "CREATE TRIGGER full_disk BEFORE INSERT ON presence "
                    "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
                )
            await desk.open(SALES, SETTINGS)
            await desk.until(lambda: f"{ACME} is editing this" in desk.part("title"))
            await desk.fill("Phone update interval", "1800")
            await desk.save()
        assert office.page(SALES).values["update_interval"] == 1800


class TestNews:
    async def test_what_they_stored_is_told_before_one_saves(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, SIP)
            office.save(SALES, anna(office), dtmf_mode="info")
            await desk.see(f"{ACME} at ", "changed DTMF. F2 brings it in.")
            assert f"{ACME} at " in desk.under("DTMF")

    async def test_ones_own_save_is_no_news(
        self, office: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        heard: list[company.News] = []
        hear = FormScreen._hear

        def listen(form: FormScreen[Any], news: company.News) -> None:
            heard.append(news)
            hear(form, news)

        monkeypatch.setattr(FormScreen, "_hear", listen)
        async with at_desk(office) as desk:
            await desk.open(SALES, SETTINGS)
            await desk.fill("Phone update interval", "1800")
            await desk.save()
            before = len(heard)
            await desk.until(lambda: len(heard) > before + 2)
            assert "changed" not in desk.part("keys")
            assert desk.under("Phone update interval") == ""

    async def test_what_came_in_is_no_news_any_more(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, SIP)
            await desk.fill("Equipment description", "ours")
            office.save(SALES, anna(office), dtmf_mode="info")
            await desk.see("changed DTMF. F2 brings it in.")
            await desk.press("f2")
            await desk.see("Plan", "changed DTMF")
            await desk.press("enter")
            await desk.see("Saved.")
            assert desk.under("DTMF") == ""

    async def test_that_it_was_removed_is_told(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SOFTPHONE, VIRTUALIZATION)
            office.store.extensions.remove(office.admin, office.page(SOFTPHONE))
            await desk.until(lambda: f"removed {SOFTPHONE}" in desk.part("title"))

    async def test_the_preferences_notice_too(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await go(desk, TELEPHONY)
            office.store.set_site(office.admin, {"sip_server": "theirs.acme.test"})
            await desk.see("changed SIP server")
            assert "theirs.acme.test" in desk.under("SIP server")
