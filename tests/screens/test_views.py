"""How an account looks at a list: a filter that completes itself, saved filters, chosen columns."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest
from rich.cells import cell_len

from tests.fetches import a_fetch, log
from tests.screens.desk import NARROW, Desk, at_desk, key_event
from tests.screens.office import BOARD, SALES
from tests.sites import Site
from tuiprov.data.completion import Typed
from tuiprov.list_views import ListViews


def filter_line(desk: Desk) -> str:
    return desk.part("filter").splitlines()[0].partition("Filter ")[2]


def table(desk: Desk) -> list[str]:
    return desk.part("table").splitlines()


class TestCompletion:
    async def test_a_field_is_proposed_behind_what_is_typed_and_taken_with_tab(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await desk.type("organ")
            assert filter_line(desk) == "organization:"
            assert desk.app.screen.filter == "organ"  # type: ignore[attr-defined]
            await desk.press("tab")
            assert desk.app.screen.filter == "organization:"  # type: ignore[attr-defined]

    async def test_its_values_come_from_the_database(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.type("-organization:pra")
            await desk.see("organization:praxis Müller")
            await desk.press("tab")
            await desk.see('-organization:"Praxis Müller"', "1 / 5")

    async def test_tab_walks_through_the_proposals_and_shift_tab_back(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.type("state:")
            await desk.press("tab")
            assert filter_line(desk) == "state:none  · 1 of 6"
            await desk.press("tab", "tab")
            assert filter_line(desk) == "state:published  · 3 of 6"
            await desk.press("shift+tab")
            assert filter_line(desk) == "state:disabled  · 2 of 6"
            await desk.see("1 / 1")

    async def test_typing_on_ends_the_walk(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.type("st")
            await desk.press("tab", "tab")
            await desk.type("dis")
            assert filter_line(desk) == "status:disabled"
            await desk.press("tab")
            await desk.see("1 / 1", "Garden gate")

    async def test_keys_typed_ahead_of_the_database_go_where_they_were_meant(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            for key in (*"model:d7", "tab", *" back"):
                desk.app.post_message(key_event(key))
            await desk.see("model:D765 back", "1 / 1", "Sales back office")

    async def test_a_slow_answer_to_an_older_text_keeps_no_key_waiting(
        self, office: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked, gate = threading.Event(), threading.Event()

        def slow(self: ListViews, at: Typed) -> Sequence[str]:
            asked.set()
            gate.wait(10)
            return ["T46S"]

        monkeypatch.setattr(ListViews, "values", slow)
        async with at_desk(office) as desk:
            await desk.type("model:")
            await desk.until(asked.is_set)
            await desk.press("ctrl+u", *"stat", "tab")
            assert filter_line(desk).startswith("state:")
            gate.set()
            await desk.press("tab")
            await desk.until(lambda: filter_line(desk).startswith("status:"))

    async def test_tab_in_an_empty_filter_shows_what_can_be_asked(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.press("tab")
            assert filter_line(desk).startswith("state:  · 1 of ")
            await desk.press("tab")
            assert filter_line(desk).startswith("model:  · 2 of ")

    async def test_a_secret_is_never_proposed(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.type("sip_p")
            assert filter_line(desk) == "sip_p"
            await desk.press("tab")
            assert filter_line(desk) == "sip_p"

    async def test_whom_no_device_is_shown_none_is_proposed(self, office: Site) -> None:
        viewer = office.viewer("organization", "none", name="Acme Ltd")
        async with at_desk(office, viewer) as desk:
            await desk.type("mod")
            assert filter_line(desk) == "mod"

    async def test_devices_complete_their_own_words(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.press("f2")
            await desk.see("Devices")
            await desk.type("state:un")
            assert filter_line(desk) == "state:unassigned"
            await desk.press("ctrl+u")
            await desk.type("owner:")
            await desk.press("tab")
            await desk.until(lambda: len(filter_line(desk)) > len("owner:"))


class TestSavedFilters:
    async def test_a_filter_is_saved_under_a_name_taken_again_and_removed(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await desk.type("model:d765")
            await desk.press("ctrl+s")
            await desk.see("Saved filters", "present filter: model:d765")
            await desk.type("snoms")
            await desk.press("ctrl+s")
            await desk.see("Saved as @snoms.")
            await desk.press("ctrl+u", "ctrl+s")
            await desk.see("snoms  model:d765")
            await desk.press("enter")
            await desk.see("model:d765", "1 / 2")
            await desk.press("ctrl+s", "delete")
            await desk.see("Del again removes snoms")
            await desk.press("delete")
            await desk.see("Removed snoms.")
        assert office.store.views.filters(office.admin, "extensions") == []

    async def test_its_name_in_the_filter_stands_for_it(self, office: Site) -> None:
        office.store.views.save_filter(office.admin, "extensions", "snoms", "model:d765")
        async with at_desk(office) as desk:
            await desk.type("-@sn")
            await desk.see("-@snoms")
            await desk.press("tab")
            await desk.see("-@snoms", "1 / 6")

    async def test_a_name_that_is_there_is_replaced_after_a_question(self, office: Site) -> None:
        office.store.views.save_filter(office.admin, "extensions", "mine", "board")
        async with at_desk(office) as desk:
            await desk.type("sales")
            await desk.press("ctrl+s", *"mine", "ctrl+s")
            await desk.see("There is mine already: Ctrl+S again replaces it.")
            await desk.press("ctrl+s")
            await desk.see("Saved as @mine.")
        found = office.store.views.filters(office.admin, "extensions")
        assert [one.text for one in found] == ["sales"]

    @pytest.mark.parametrize(
        ("typed", "name", "told"),
        [
            ("colour:red", "x", "colour: is not a field to filter by"),
            ("board", "a b", "must be 1 to 32 letters, digits or . _ -"),
            ("", "x", "is empty: there is nothing to save"),
        ],
    )
    async def test_what_cannot_be_saved_is_told(
        self, office: Site, typed: str, name: str, told: str
    ) -> None:
        async with at_desk(office) as desk:
            await desk.type(typed)
            await desk.press("ctrl+s")
            await desk.type(name)
            await desk.press("ctrl+s")
            await desk.see("Not saved", told)
        assert office.store.views.filters(office.admin, "extensions") == []


class TestColumns:
    async def test_columns_are_chosen_put_in_order_and_remembered(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.press("ctrl+k")
            await desk.see("Columns", "[x] 1. State")
            await desk.press("ctrl+u", "down", "space")  # extension
            for _ in range(30):
                if "Firmware" in next(one for one in desk.text.splitlines() if "›" in one):
                    break
                await desk.press("down")
            await desk.press("space", "less_than_sign", "enter")
            await desk.until(lambda: table(desk)[0].split() == ["Firmware", "Extension"])
        assert office.store.views.columns(office.admin, "extensions") == ("firmware", "extension")
        async with at_desk(office) as desk:
            assert table(desk)[0].split()[-1] == "Extension"

    async def test_the_usual_ones_come_back_when_none_is_ticked(self, office: Site) -> None:
        office.store.views.choose_columns(office.admin, "extensions", ("extension", "codecs"))
        async with at_desk(office) as desk:
            assert "g722,alaw,ulaw" in desk.part("table")
            await desk.press("ctrl+k", "ctrl+u", "enter")
            await desk.see("State", "Organization")
        assert office.store.views.columns(office.admin, "extensions") == ()

    async def test_a_narrow_terminal_leaves_out_the_columns_at_the_right(
        self, office: Site
    ) -> None:
        chosen = ("extension", "name", "mac", "codecs", "fetched", "published")
        office.store.views.choose_columns(office.admin, "extensions", chosen)
        async with at_desk(office, size=NARROW) as desk:
            await desk.see("Codecs", "Last fetched")
            assert "Published at" not in table(desk)[0]
            await desk.pilot.resize_terminal(140, 40)
            await desk.see("Last fetched", "Published at")
            assert any(SALES in line and "00:04:13:71:A0:0F" in line for line in table(desk))
            await desk.pilot.resize_terminal(36, 20)
            await desk.until(lambda: "MAC" not in table(desk)[0])
            assert any(line.rstrip().endswith("Board room") for line in table(desk))

    async def test_wide_characters_keep_the_columns_in_line(self, office: Site) -> None:
        for number, name in ((SALES, "田中太郎 受付窓口"), (BOARD, "👩🚒 Ops ☎️ 🇩🇪")):
            office.save(number, extension_name=name)
        office.store.views.choose_columns(office.admin, "extensions", ("name", "extension", "mac"))
        async with at_desk(office, size=NARROW) as desk:
            lines = [line for line in table(desk) if "0027*00" in line]
            assert len({cell_len(line.partition("0027*")[0]) for line in lines}) == 1
            assert any("田中" in line for line in lines)

    async def test_devices_have_their_own(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.press("f2")
            await desk.see("Devices")
            await desk.press("ctrl+k")
            await desk.see("Columns", "Serial number")
            await desk.press("ctrl+u", "down", "down", "space", "enter")
            await desk.until(lambda: table(desk)[0].split() == ["Name"])
        assert office.store.views.columns(office.admin, "devices") == ("friendly_name",)

    async def test_a_column_that_the_viewer_is_not_shown_is_left_out(self, office: Site) -> None:
        viewer = office.viewer("organization", "none", name="Acme Ltd")
        chosen = ("extension", "mac", "firmware", "codecs", "sip_password", "nonsense")
        office.store.views.choose_columns(viewer, "extensions", chosen)
        async with at_desk(office, viewer) as desk:
            await desk.until(lambda: table(desk)[0].split() == ["Extension"])
            await desk.press("ctrl+k")
            await desk.see("Columns")
            assert "MAC address" not in desk.text
            assert "password" not in desk.text


class TestReadWhole:
    """Accounts and templates, whose lists are read whole, have filters and columns, too."""

    async def test_the_tree_is_filtered_by_fields_that_complete_themselves(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await desk.press("f3")
            await desk.see("Accounts", "ana.nunez")
            await desk.type("kind:us")
            assert filter_line(desk) == "kind:user"
            await desk.press("tab")
            await desk.type(" -ana")
            await desk.until(lambda: "ana.nunez" not in desk.part("table"))
            assert any(" board" in line for line in table(desk))
            await desk.press("ctrl+s")
            await desk.see("Saved filters", "present filter: kind:user -ana")
            await desk.type("others")
            await desk.press("ctrl+s")
            await desk.see("Saved as @others.")
        (saved,) = office.store.views.filters(office.admin, "accounts")
        assert (saved.name, saved.text) == ("others", "kind:user -ana")

    async def test_a_word_that_asks_nothing_known_is_told_and_the_list_stays(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await desk.press("f3")
            await desk.see("ana.nunez")
            await desk.type("level:x")
            await desk.see("level: must be none, view or modify")

    async def test_their_columns_are_chosen(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.press("f3")
            await desk.see("Accounts", "ana.nunez")
            await desk.press("ctrl+k")
            await desk.see("Columns", "[x] 1. Account")
            await desk.press("ctrl+u", "space", "enter")
            await desk.until(lambda: table(desk)[0].split() == ["Account"])
            await desk.press("f5")
            await desk.see("Provisioning templates")
            await desk.press("ctrl+k")
            await desk.see("Columns", "[x] 1. Template")
        assert office.store.views.columns(office.admin, "accounts") == ("name",)

    async def test_who_is_shown_no_logins_cannot_choose_them(self, office: Site) -> None:
        async with at_desk(office, office.viewer("provider", "modify")) as desk:
            await desk.press("f3")
            await desk.see("ana.nunez")
            await desk.press("ctrl+k")
            await desk.see("Columns", "SIP management")
            assert "Login" not in desk.text
            await desk.press("escape")
            await desk.type("os_l")
            assert filter_line(desk) == "os_l"


class TestLogs:
    """Requests of phones and the history have filters and columns of their own."""

    async def test_a_filter_of_the_history_completes_itself_and_is_saved(
        self, office: Site
    ) -> None:
        office.store.record(office.admin, "reveal", SALES)
        async with at_desk(office, size=NARROW) as desk:
            await desk.press("ctrl+y")
            await desk.see("History", "type: who:anna")
            await desk.until(lambda: "reveal" in desk.part("table"))
            await desk.type("wha")
            assert filter_line(desk) == "what:"
            await desk.press("tab")
            await desk.type("rev")
            await desk.see("what:reveal")
            await desk.press("tab")
            await desk.see("1 / 1")
            await desk.press("ctrl+s")
            await desk.see("Saved filters", "present filter: what:reveal")
            await desk.type("shown")
            await desk.press("ctrl+s")
            await desk.see("Saved as @shown.")
            await desk.press("ctrl+u")
            await desk.type("@sh")
            await desk.see("@shown")
            await desk.press("tab")
            await desk.see("1 / 1")
        saved = office.store.views.filters(office.admin, "history")
        assert [(one.name, one.text) for one in saved] == [("shown", "what:reveal")]

    async def test_the_list_of_requests_follows_the_log_under_a_filter_that_was_completed(
        self, office: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tuiprov.screens.fetches.REFRESH_SECONDS", 0.05)
        log(office, a_fetch(verdict="key", address="198.51.100.9"))
        async with at_desk(office) as desk:
            await desk.press("f12")
            await desk.see("Requests of phones", "198.51.100.9")
            await desk.type("verdict:k")
            await desk.see("verdict:key")
            await desk.press("tab")
            await desk.see("1 / 1")
            log(office, a_fetch(verdict="key", address="198.51.100.10"))
            await desk.see("1 / 2", "198.51.100.10", "verdict:key")
            await desk.press("ctrl+k")
            await desk.see("Columns", "Protocol")
