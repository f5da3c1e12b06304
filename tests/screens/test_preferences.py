"""Global preferences: sections, choice lists, warnings; the plan of all phones before a save."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.screens.desk import NARROW, SIP, WIDE, Desk, at_desk
from tests.screens.office import (
    ANA,
    SALES,
    TRUNK,
    publish_all,
    published,
    set_columns,
)
from tests.screens.test_hostile import HOSTILE, assert_harmless
from tests.sites import Site
from tuiprov.data.catalog import default_catalog
from tuiprov.data.models import Device
from tuiprov.errors import TuiprovError
from tuiprov.preferences import Preferences
from tuiprov.publish.plan import NO_FILE, Plan
from tuiprov.publish.planning import OnPhone
from tuiprov.session import Session

SERVICE, TELEPHONY, TIME, NEW, LICENSE = range(1, 6)
PBX = "A PBX is connected to this extension"
MAC_LINKS = "Allow MAC based provisioning on HTTP(S)"
CHANNELS = "Maximum number of SIP trunking channels"


async def go(desk: Desk, section: int = SERVICE) -> None:
    """To a section of the preferences, from the list."""
    await desk.press("f6")
    await desk.see("Global preferences")
    await desk.section(section)


async def apply(desk: Desk) -> None:
    """F2, and Enter on the plan as soon as it is there."""
    await desk.press("f2")
    await desk.see("Files")
    await desk.press("enter")
    await desk.see("Saved. Files")


class TestForm:
    @pytest.mark.parametrize("size", [NARROW, WIDE])
    async def test_five_sections_and_escape_goes_back(self, office: Site, size: Any) -> None:
        async with at_desk(office, size=size) as desk:
            await go(desk)
            for section, label in (
                (SERVICE, "Provisioning host"),
                (TELEPHONY, "SIP server"),
                (TIME, "Time server"),
                (NEW, "Status of new devices"),
                (LICENSE, "Infrastructure type"),
            ):
                await desk.section(section)
                assert desk.row(label)
            await desk.press("escape")
            await desk.see("Extensions")

    @pytest.mark.parametrize(
        ("label", "words", "name", "value"),
        [
            ("Time zone", "berlin", "time_zone", "Europe/Berlin"),
            ("Language", "german", "language", "de"),
            ("Tone country", "austria", "tone_country", "at"),
        ],
    )
    async def test_places_are_chosen_from_their_lists(
        self, office: Site, label: str, words: str, name: str, value: str
    ) -> None:
        async with at_desk(office) as desk:
            await go(desk, TIME)
            await desk.pick(label, words)
            await apply(desk)
        assert str(getattr(office.store.site(), name)).lower() == value.lower()

    async def test_codecs_are_ticked_and_ordered_from_all_that_phones_know(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await go(desk, TELEPHONY)
            await desk.field("Codecs offered")
            await desk.press("enter")
            await desk.see("Space tick")
            assert all(name in desk.text for name in default_catalog().codecs)
            await desk.press("down", "plus", "enter")
            await apply(desk)
        assert office.store.site().codecs_offered.startswith("ulaw,alaw,")

    async def test_the_private_network_is_there_with_an_infrastructure_only(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await go(desk, LICENSE)
            assert "Private network" not in desk.part("form")
            await desk.pick("Infrastructure type", "NAT")
            await desk.press("f2")
            assert "is missing" in desk.under("Private network")
            await desk.type("10.0.0.0/8")
            await apply(desk)
        assert office.store.site().private_network == "10.0.0.0/8"

    async def test_a_wrong_value_is_told_as_one_types_and_not_saved(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await go(desk)
            await desk.fill("Publish root", "publish")
            assert "must be a full path" in desk.under("Publish root")
            await desk.press("f2")
            assert "Not saved: 1 field to mend." in desk.part("keys")
        assert office.publish_root.is_absolute()

    async def test_unsaved_changes_are_asked_about(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await go(desk, TELEPHONY)
            await desk.fill("SIP server", "pbx.acme.test")
            await desk.press("escape")
            await desk.see("Unsaved changes")
            await desk.press("d")
            await desk.see("Extensions")
        assert office.store.site().sip_server == "pbx.example.com"

    @pytest.mark.parametrize("role", ["provider", "organization", "user", "terminal"])
    async def test_nobody_but_the_administrator_opens_them(self, office: Site, role: Any) -> None:
        async with at_desk(office, office.viewer(role, "modify", sip=True)) as desk:
            assert "Preferences" not in desk.part("keys")
            await desk.press("f6")
            assert "Extensions" in desk.part("title")
            desk.app.open_area("preferences")
            await desk.see("This cannot be opened", "only the system administrator")


class TestWarnings:
    async def test_codecs_withdrawn_are_counted(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await go(desk, TELEPHONY)
            await desk.field("Codecs offered")
            await desk.press("enter")
            await desk.see("Space tick")
            await desk.press("down", "down", "space", "enter")  # g722
            assert "g722 (3 extensions)" in desk.under("Codecs offered")
            await apply(desk)
            await desk.press("escape")
            await desk.see("Extensions")
            await desk.open(SALES, SIP)
            assert "g722: not offered here" in desk.under("Allowed codecs")

    async def test_links_that_change_are_counted_and_shown_in_the_plan(self, office: Site) -> None:
        publish_all(office)
        async with at_desk(office) as desk:
            await go(desk)
            await desk.field(MAC_LINKS)
            await desk.press("n")
            assert "2 links change" in desk.under(MAC_LINKS)
            await desk.press("f2")
            await desk.see("Files of 2 phones", "4 to write, 0 to replace, 4 to delete")

    async def test_passwords_in_clear_are_told(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await go(desk)
            await desk.field("World-readable files")
            await desk.press("y")
            said = desk.under("World-readable files")
            assert "every user of this host can read the phones' passwords" in said
            await desk.section(NEW)
            await desk.field("Update protocol of new devices")
            await desk.press("right", "right")
            said = desk.under("Update protocol of new devices")
            assert "HTTP without TLS carries them in clear" in said


class TestPlan:
    async def test_equal_changes_of_many_phones_are_shown_together_then_stored_and_published(
        self, office: Site
    ) -> None:
        before = published(publish_all(office))
        async with at_desk(office) as desk:
            await go(desk, TELEPHONY)
            await desk.fill("SIP server", "pbx.acme.test")
            await desk.press("f2")
            await desk.see("Files of 3 phones: 0 to write, 3 to replace, 0 to delete.")
            assert "-sip line1 proxy ip: pbx.example.com" in desk.part("changes")
            assert office.store.site().sip_server == "pbx.example.com"
            assert published(office) == before
            await desk.press("enter")
            await desk.see("Saved. Files: 3 replaced.")
            assert " *" not in desk.part("title")
        assert office.store.site().sip_server == "pbx.acme.test"
        assert sum("pbx.acme.test" in text for text in published(office).values()) == 3
        assert {d.publish_state for d in office.rows(Device)} == {"published"}

    async def test_many_files_are_groups_with_their_count(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await go(desk)
            await desk.fill("Provisioning host", "prov.acme.test")
            await desk.press("f2")
            await desk.see("+ new 3 phones, ")

    async def test_escape_in_the_plan_stores_nothing(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await go(desk, TELEPHONY)
            await desk.fill("SIP server", "pbx.acme.test")
            await desk.press("f2")
            await desk.see("Files")
            await desk.press("escape")
            await desk.see("Global preferences *")
        assert office.store.site().sip_server == "pbx.example.com"
        assert published(office) == {}

    async def test_a_change_that_no_file_holds_says_so(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await go(desk, NEW)
            await desk.pick("Status of new devices", "Disable")
            await desk.press("f2")
            await desk.see(NO_FILE)
            await desk.press("enter")
            await desk.see("Saved. Files: none changed.")
        assert office.store.site().default_status == "disabled"
        assert published(office) == {}

    async def test_a_new_publish_root_names_the_old_tree_and_moves_nothing(
        self, office: Site
    ) -> None:
        before, old = published(publish_all(office)), office.publish_root
        new = office.directory / "new"
        async with at_desk(office, size=(200, 60)) as desk:
            await go(desk)
            await desk.fill("Publish root", str(new))
            await desk.press("f2")
            await desk.see(f"{old} stays as it is", "Then remove it: it holds passwords.")
            await desk.press("enter")
            await desk.see("Saved. Files")
        assert published(office) == before
        assert (old / "http").exists()

    async def test_a_phone_that_fails_is_told_by_its_name(self, office: Site) -> None:
        set_columns(office, "extension", {"sip_password": "a\nb"}, f"extension = '{SALES}'")
        async with at_desk(office) as desk:
            await go(desk, TELEPHONY)
            await desk.fill("SIP server", "pbx.acme.test")
            await desk.press("f2")
            await desk.see("1 phone failed", "! Sales01 (00:04:13:71:A0:0F): ")

    async def test_what_is_saved_and_cannot_be_published_is_told(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await go(desk)
            await desk.fill("Publish group", "no_such_group")
            await desk.fill("HTTP port", "8080")
            await desk.press("f2")
            await desk.see("Files")
            await desk.press("enter")
            await desk.see("Saved, but not published", "no group 'no_such_group'")
            await desk.press("enter")
            await desk.see("Saved. Not published.")
        assert office.store.site().http_port == 8080

    async def test_what_somebody_else_changed_is_told_with_the_plan(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await go(desk, TELEPHONY)
            await desk.fill("SIP server", "pbx.acme.test")
            office.store.set_site(office.admin, {"ntp_server": "ntp.acme.test"})
            await desk.press("f2")
            await desk.see("Files", "System administrator at", "changed Time server")
            await desk.press("escape")
        assert office.store.site().sip_server == "pbx.example.com"
        assert published(office) == {}


@dataclass(frozen=True)
class SlowPreferences(Preferences):
    """Preferences whose plan is made by `slow`."""

    slow: Callable[..., Plan]

    def plan(self, values: Any, on_phone: OnPhone) -> Plan:
        return self.slow(on_phone, super().plan, values)


@dataclass(frozen=True)
class Slow(Session):
    """A session whose plans take until `gate` is opened."""

    gate: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    def plan(self, where: str, on_phone: OnPhone) -> Plan:
        return self._slow(on_phone, super().plan, where)

    @property
    def preferences(self) -> Preferences:
        return SlowPreferences(self.store, self.viewer, self._slow)

    def _slow(self, on_phone: OnPhone, plan: Any, *words: Any) -> Plan:
        try:
            while not self.gate.wait(0.01):
                on_phone(1234)
            return plan(*words, on_phone)  # type: ignore[no-any-return]
        finally:
            self.ended.set()


class TestPlanningTakesLong:
    @pytest.fixture
    def slow(self, office: Site) -> Slow:
        return Slow(office.store, office.admin)

    @pytest.mark.parametrize("keys", [("f8",), ("f6", "f5", "2", "1", "f2")], ids=["list", "form"])
    async def test_it_says_how_far_it_is_and_escape_ends_it(
        self, office: Site, slow: Slow, keys: tuple[str, ...]
    ) -> None:
        async with at_desk(office) as desk:
            desk.app.use_session(slow)
            await desk.press(*keys)
            await desk.see("Planning …", "1,234 phones", "Esc cancels")
            await desk.press("escape")
            await desk.until(slow.ended.is_set)
            assert not slow.gate.is_set()
            assert "Plan" not in desk.part("title")
        assert published(office) == {}

    async def test_escape_ends_it_between_two_words_of_progress_too(
        self, office: Site, slow: Slow, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tuiprov.screens.working._PROGRESS_SECONDS", 3600)
        async with at_desk(office) as desk:
            desk.app.use_session(slow)
            await desk.press("f8")
            await desk.see("Planning …")
            await desk.press("escape")
            try:
                await desk.until(slow.ended.is_set)
                assert not slow.gate.is_set()
            finally:
                slow.gate.set()

    async def test_what_has_not_been_seen_is_not_applied(self, office: Site, slow: Slow) -> None:
        async with at_desk(office) as desk:
            desk.app.use_session(slow)
            await desk.press("f8")
            await desk.see("Planning …")
            assert "Apply" not in desk.part("keys")
            await desk.press("enter", "enter", "r")
            slow.gate.set()
            await desk.see("Files of 3 phones")
            assert published(office) == {}
            await desk.press("enter")
            await desk.see("= published")

    async def test_help_can_be_read_meanwhile(self, office: Site, slow: Slow) -> None:
        async with at_desk(office) as desk:
            desk.app.use_session(slow)
            await desk.press("f8")
            await desk.see("Planning …")
            await desk.press("f1")
            await desk.see("Enter close")
            slow.gate.set()
            await desk.press("enter")
            await desk.see("Files of 3 phones")

    async def test_what_cannot_be_planned_is_told(self, office: Site) -> None:
        @dataclass(frozen=True)
        class Broken(Session):
            def plan(self, where: str, on_phone: OnPhone) -> Plan:
                raise TuiprovError("the disk is gone")

        async with at_desk(office) as desk:
            desk.app.use_session(Broken(office.store, office.admin))
            await desk.press("f8")
            await desk.see("This cannot be planned", "the disk is gone")
            await desk.press("enter")
            await desk.until(lambda: "Extensions" in desk.part("title"))

    async def test_quitting_meanwhile_ends_it(self, office: Site, slow: Slow) -> None:
        async with at_desk(office) as desk:
            desk.app.use_session(slow)
            await desk.press("f8")
            await desk.see("Planning …")
            desk.app._end()
        assert slow.ended.wait(10)


class TestGatesOfTheSite:
    """From the preferences to the page, by keys."""

    async def test_without_channels_a_page_has_no_pbx_row_but_what_was_ticked_is_taken_away(
        self, office: Site
    ) -> None:
        async with at_desk(office) as desk:
            await go(desk, LICENSE)
            await desk.fill(CHANNELS, "0")
            assert "1 extension with a PBX connected" in desk.under(CHANNELS)
            await apply(desk)
            await desk.press("escape")
            await desk.open(ANA, SIP)
            assert PBX[:20] not in desk.part("form")
            await desk.press("escape", "escape")
            await desk.see("1 / 8")
            await desk.open(TRUNK, SIP)
            assert "the license has no SIP trunking channels" in desk.under(PBX)
            await desk.fill("Equipment description", "Branch")
            await desk.press("f2")
            assert "Not saved: 1 field to mend." in desk.part("keys")
            await desk.field(PBX)
            await desk.press("n")
            await desk.save()
            assert PBX[:20] not in desk.part("form")
        assert office.page(TRUNK).values["pbx_connected"] is False

    async def test_with_channels_again_the_row_is_back(self, office: Site) -> None:
        office.configure(sip_trunking_channels=0)
        async with at_desk(office) as desk:
            await go(desk, LICENSE)
            await desk.fill(CHANNELS, "4")
            await apply(desk)
            await desk.press("escape")
            await desk.open(SALES, SIP)
            await desk.field(PBX)
            assert desk.under(PBX) == (
                "· To make it available, setup the Maximum public concurrent calls to a limited "
                "number (now it is unlimited)."
            )

    async def test_an_infrastructure_brings_the_network_row_to_the_page(self, office: Site) -> None:
        async with at_desk(office, size=(200, 60)) as desk:
            await go(desk, LICENSE)
            await desk.pick("Infrastructure type", "Routing")
            await desk.fill("Private network", "10.1.0.0/16")
            await apply(desk)
            await desk.press("escape")
            await desk.open(ANA, SIP)
            assert desk.row("Extension is on private network (10.1.0.0/16)")

    async def test_mac_links_switched_off_close_the_tick_on_the_page(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await go(desk)
            await desk.field(MAC_LINKS)
            await desk.press("n")
            await apply(desk)
            await desk.press("escape")
            await desk.open(SALES, 2)
            await desk.field("Use MAC based provisioning")
            said = desk.under("Use MAC based provisioning")
            assert "turned off in Global preferences" in said


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_hostile_settings_are_only_text(office: Site, size: Any) -> None:
    names = ("provisioning_host", "publish_group", "sip_server", "codecs_offered", "time_zone")
    names += ("language", "ntp_server", "infrastructure_type", "default_status", "private_network")
    set_columns(office, "system_settings", dict.fromkeys(names, HOSTILE))
    async with at_desk(office, size=size) as desk:
        await desk.press("f6")
        await desk.see("Global preferences")
        for section in range(SERVICE, LICENSE + 1):
            await desk.section(section)
            for _ in range(9):
                assert_harmless(desk)
                await desk.press("down")
        await desk.section(TELEPHONY)
        await desk.field("Codecs offered")
        await desk.press("enter")
        await desk.see("Space tick")
        assert_harmless(desk)


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "140x40"])
class TestPictures:
    @pytest.mark.parametrize("section", ["1", "2", "3", "4", "5", "6"])
    async def test_section(self, office: Site, size: Any, section: str, snapshot: Any) -> None:
        office.configure(publish_root="/srv/publish")
        async with at_desk(office, size=size) as desk:
            await desk.press("f6", "f5", section)
            await desk.see("Global preferences")
            assert desk.text == snapshot

    async def test_plan(self, office: Site, size: Any, snapshot: Any) -> None:
        publish_all(office)
        office.configure(world_readable=True)
        async with at_desk(office, size=size) as desk:
            await go(desk)
            await desk.field("World-readable files")
            await desk.press("n")
            await desk.section(TELEPHONY)
            await desk.fill("SIP server", "pbx.acme.test")
            await desk.press("f2")
            await desk.see("Files of")
            assert desk.text == snapshot
