"""Two admins on one record: nothing of either is lost, and who did what is said."""

from __future__ import annotations

from tests.screens.desk import NARROW, SETTINGS, VIRTUALIZATION, Desk, at_desk
from tests.screens.office import BOARD, SALES, SOFTPHONE, events
from tests.screens.test_accounts import go as open_account
from tests.screens.test_adding import edit
from tests.screens.test_devices import device, open_device
from tests.screens.test_preferences import TELEPHONY, go
from tests.sites import Site
from tuiprov.data.accounts.viewers import Viewer

ACME = "Organization Acme Ltd"


def anna(office: Site) -> Viewer:
    """Somebody else who may change the same pages."""
    return office.viewer("organization", "modify", sip=True, name="Acme Ltd")


async def both_change(desk: Desk, office: Site, **theirs: object) -> None:
    """You the update interval, on the form; anna what `theirs` says, stored."""
    await desk.open(SALES, SETTINGS)
    await desk.fill("Phone update interval", "1800")
    office.save(SALES, anna(office), **theirs)
    await desk.press("f2")


class TestOnlyTheyChanged:
    async def test_it_comes_in_by_itself_and_is_named_with_who_and_when(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await both_change(desk, office, notes="theirs", dtmf_mode="info")
            await desk.see("Plan", f"{ACME} at ", "changed Notes and DTMF")
            await desk.press("enter")
            await desk.see("Saved.")
        values = office.page(SALES).values
        assert (values["notes"], values["dtmf_mode"]) == ("theirs", "info")
        assert values["update_interval"] == 1800

    async def test_a_secret_is_named_and_never_shown(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await both_change(desk, office, sip_password="Hidden9Secret", dtmf_mode="info")
            await desk.see("Plan", "SIP password")
            assert "Hidden9Secret" not in desk.text

    async def test_the_next_save_does_not_name_it_again(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await both_change(desk, office, dtmf_mode="info")
            await desk.see("Plan", f"{ACME} at ")
            await desk.press("enter")
            await desk.see("Saved.")
            await desk.fill("Phone update interval", "900")
            await desk.press("f2")
            await desk.see("Plan")
            assert ACME not in desk.text

    async def test_the_same_change_of_both_is_no_question(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await both_change(desk, office, update_interval=1800)
            await desk.see("Nothing is left to save")
        assert office.page(SALES).values["update_interval"] == 1800


class TestBothChanged:
    async def test_yours_theirs_who_and_when_are_shown(self, office: Site) -> None:
        async with at_desk(office, size=NARROW) as desk:
            await both_change(desk, office, update_interval=900, notes="theirs")
            await desk.see(f"Changed by {ACME} at ", "Yours: 1800", f"Theirs, {ACME} at ")
            await desk.see("Only they changed", "Notes: (empty) → theirs")

    async def test_yours_is_saved_over_theirs_after_the_plan(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await both_change(desk, office, update_interval=900, notes="theirs")
            await desk.see("Changed by")
            await desk.press("y", "enter")
            await desk.see("Plan")
            await desk.press("enter")
            await desk.see("Saved.")
        values = office.page(SALES).values
        assert (values["update_interval"], values["notes"]) == (1800, "theirs")

    async def test_theirs_stays_and_what_else_is_yours_is_saved(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, SETTINGS)
            await desk.fill("Phone update interval", "1800")
            await desk.fill("Enable parking watch with BLF", "7")
            office.save(SALES, anna(office), update_interval=900)
            await desk.press("f2")
            await desk.see("Changed by")
            await desk.press("right", "enter")
            await desk.see("Plan")
            await desk.press("enter")
            await desk.see("Saved.")
        values = office.page(SALES).values
        assert (values["update_interval"], values["parking_watch_lines"]) == (900, 7)

    async def test_all_theirs_leaves_nothing_to_save(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await both_change(desk, office, update_interval=900)
            await desk.see("Changed by")
            await desk.press("h", "enter")
            await desk.see("Nothing is left to save")
            assert desk.row("Phone update interval").startswith("900")
            assert " *" not in desk.part("title")

    async def test_enter_before_all_is_decided_goes_to_what_is_not(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await both_change(desk, office, update_interval=900)
            await desk.see("Changed by")
            await desk.press("enter")
            await desk.see("1 still to choose")
        assert office.page(SALES).values["update_interval"] == 900

    async def test_escape_saves_nothing_and_keeps_what_is_typed(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await both_change(desk, office, update_interval=900)
            await desk.see("Changed by")
            await desk.press("escape")
            await desk.see("Nothing was saved.")
            assert desk.row("Phone update interval").startswith("1800")
        assert office.page(SALES).values["update_interval"] == 900

    async def test_a_secret_of_both_is_shown_as_changed(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, SETTINGS)
            await desk.fill("Administrator password", "Mine2Mine")
            await desk.fill("Confirm password", "Mine2Mine")
            office.save(SALES, anna(office), admin_password="Their3Their")
            await desk.press("f2")
            await desk.see("Yours: changed")
            assert "Mine2" not in desk.text
            assert "Their3" not in desk.text
            await desk.press("y", "enter")
            await desk.see("Plan")
            await desk.press("enter")
            await desk.see("Saved.")
        assert office.page(SALES).values["admin_password"] == "Mine2Mine"


class TestAfterThePlan:
    async def test_a_conflict_at_the_last_moment_is_merged_too(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SALES, SETTINGS)
            await desk.fill("Phone update interval", "1800")
            await desk.press("f2")
            await desk.see("Plan")
            office.save(SALES, anna(office), update_interval=900, notes="late")
            await desk.press("enter")
            await desk.see(f"Changed by {ACME} at ")
            await desk.press("y", "enter")
            await desk.see("Plan", "changed Notes")
            await desk.press("enter")
            await desk.see("Saved.")
        values = office.page(SALES).values
        assert (values["update_interval"], values["notes"]) == (1800, "late")


class TestGone:
    async def test_who_removed_it_is_said_and_the_draft_stays(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await desk.open(SOFTPHONE, VIRTUALIZATION)
            await desk.press("y")
            assert " *" in desk.part("title")
            office.store.extensions.remove(office.admin, office.page(SOFTPHONE))
            await desk.press("f2")
            await desk.see(
                "Not saved",
                "System administrator at ",
                f"removed {SOFTPHONE}",
                "What you typed stays here",
            )
            await desk.press("enter")
            assert " *" in desk.part("title")


class TestOtherForms:
    async def test_a_device(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await open_device(desk, "Board01")
            await desk.fill("Notes", "late")
            office.save(BOARD, anna(office), notes="early", update_interval=7200)
            await desk.press("f2")
            await desk.see(f"Changed by {ACME} at ", "Theirs", "early")
            await desk.press("y", "enter")
            await desk.see("Plan", "Phone update interval")
            await desk.press("enter")
            await desk.see("Saved.")
        board = device(office, "Board01")
        assert (board.notes, board.update_interval) == ("late", 7200)

    async def test_an_identity(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await edit(desk, SOFTPHONE)
            await desk.fill("Extension name", "Web")
            office.save(SOFTPHONE, extension_name="Browser", ping=True)
            await desk.press("f2")
            await desk.see("Changed by", "Yours: Web", "Browser")
            await desk.press("y", "enter")
            await desk.see("Plan")
            await desk.press("enter")
            await desk.see("Saved.")
        values = office.page(SOFTPHONE).values
        assert (values["extension_name"], values["ping"]) == ("Web", True)

    async def test_the_preferences(self, office: Site) -> None:
        async with at_desk(office) as desk:
            await go(desk, TELEPHONY)
            await desk.fill("SIP server", "mine.acme.test")
            theirs = {"ntp_server": "ntp.acme.test", "sip_server": "theirs.acme.test"}
            office.store.set_site(office.admin, theirs)
            await desk.press("f2")
            await desk.see("Changed by System administrator at ", "theirs.acme.test")
            await desk.press("y", "enter")
            await desk.see("to write", "changed Time server")
            await desk.press("enter")
            await desk.see("Saved.")
        site = office.store.site()
        assert (site.sip_server, site.ntp_server) == ("mine.acme.test", "ntp.acme.test")

    async def test_an_account(self, office: Site) -> None:
        accounts = office.store.accounts
        acme = accounts.find(office.admin, "Acme Ltd")
        async with at_desk(office) as desk:
            await open_account(desk, "Acme Ltd")
            await desk.press("enter")
            await desk.fill("Name", "Acme & Sons")
            accounts.save(office.admin, accounts.open(office.admin, acme), {"os_login": "anna"})
            await desk.press("f2")
            await desk.see("System administrator at ", "changed")
        view = accounts.open(office.admin, acme)
        assert (view.values["name"], view.values["os_login"]) == ("Acme & Sons", "anna")
        assert len(events(office, "account")) == 2
