"""A page being edited: what is typed stays, what follows settles, what is wrong is said at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sites import PHONE, Site, a_site
from tuiprov.data.draft import CONFIRM, REGENERATE, Draft
from tuiprov.data.sections import FIELDS
from tuiprov.errors import Refused


@pytest.fixture
def draft(site: Site) -> Draft:
    """A draft on an extension without a phone."""
    site.add()
    return site.draft()


@pytest.fixture
def phone_draft(site: Site) -> Draft:
    """A draft on an extension with a phone, administrator password typed."""
    site.add(**PHONE, password_generation="manual", admin_password="Quiet7River")
    return site.draft()


def choose_phone(draft: Draft) -> None:
    draft.edit("use_provisioning", "yes")
    draft.edit("friendly_name", "Desk01")
    draft.edit("manufacturer", "Yealink")


class TestTyping:
    def test_a_new_draft_has_changed_nothing(self, phone_draft: Draft) -> None:
        assert phone_draft.changes == {}
        assert not phone_draft.is_changed
        assert phone_draft.errors == {}

    def test_a_half_typed_value_stays_as_typed_and_is_said_to_be_wrong(
        self, phone_draft: Draft
    ) -> None:
        phone_draft.edit("friendly_name", "De")
        assert phone_draft.texts["friendly_name"] == "De"
        assert phone_draft.values["friendly_name"] == "Desk01"
        assert phone_draft.errors == {"friendly_name": "must be 3 to 32 letters and digits"}
        assert phone_draft.is_changed

    def test_each_keystroke_is_checked(self, phone_draft: Draft) -> None:
        seen = []
        for length in range(1, 34):
            phone_draft.edit("friendly_name", "x" * length)
            seen.append("friendly_name" in phone_draft.errors)
        assert seen == [True, True, *[False] * 30, True]

    def test_typing_the_old_value_again_is_no_change(self, phone_draft: Draft) -> None:
        phone_draft.edit("notes", "x")
        phone_draft.edit("notes", "")
        assert not phone_draft.is_changed
        assert phone_draft.changes == {}

    def test_a_closed_field_takes_no_text(self, draft: Draft) -> None:
        draft.edit("friendly_name", "Desk01")
        assert draft.texts["friendly_name"] == ""

    def test_a_field_closed_by_the_role_takes_no_text(self, site: Site) -> None:
        site.add(**PHONE)
        draft = site.draft(viewer=site.viewer("user", "view", sip=True))
        draft.edit("notes", "mine")
        assert not draft.is_changed

    def test_the_page_is_what_would_be_stored(self, phone_draft: Draft) -> None:
        phone_draft.edit("notes", "third floor")
        assert phone_draft.page.values["notes"] == "third floor"
        assert phone_draft.base.values["notes"] == ""


class TestDependents:
    def test_a_manufacturer_fills_model_firmware_protocol_and_mac_prefix(
        self, draft: Draft
    ) -> None:
        choose_phone(draft)
        assert all(draft.texts[n] for n in ("model", "firmware", "update_protocol"))
        assert draft.texts["mac"] == "80:5E:C0"
        assert draft.values["mac"] == ""

    def test_another_manufacturer_changes_an_untouched_prefix(self, draft: Draft) -> None:
        choose_phone(draft)
        draft.edit("manufacturer", "Snom")
        assert draft.texts["mac"] == "00:04:13"

    @pytest.mark.parametrize("typed", ["80:5E:C0:12:34:56", "80:5E:C0:12:3"])
    def test_another_manufacturer_never_wipes_what_was_typed_of_a_mac(
        self, draft: Draft, typed: str
    ) -> None:
        choose_phone(draft)
        draft.edit("mac", typed)
        draft.edit("manufacturer", "Snom")
        assert draft.texts["mac"] == typed

    def test_a_typed_mac_proposes_the_manufacturer(self, draft: Draft) -> None:
        draft.edit("use_provisioning", "yes")
        draft.edit("mac", "00:04:13:00:00:01")
        assert draft.texts["manufacturer"] == "Snom"
        assert draft.texts["mac"] == "00:04:13:00:00:01"

    def test_a_prefix_alone_is_no_mac_for_an_enabled_device(self, draft: Draft) -> None:
        choose_phone(draft)
        assert draft.errors["mac"].startswith("is missing")

    def test_a_prefix_alone_does_for_a_disabled_device(self, draft: Draft) -> None:
        choose_phone(draft)
        draft.edit("status", "Disable")
        assert draft.errors == {}

    def test_clearing_the_ip_resets_transport_and_authentication(self, draft: Draft) -> None:
        for name, text in (
            *(("fixed_ip", "192.0.2.9"), ("fixed_port", "5070")),
            *(("fixed_auth", "does not have to"), ("signaling_transport", "TCP")),
        ):
            draft.edit(name, text)
        draft.edit("fixed_ip", "")
        assert draft.changes == {}
        assert draft.texts["signaling_transport"] == "udp"
        assert not draft.gate("signaling_transport").is_open

    def test_tftp_keeps_the_tick_of_mac_based_provisioning(self, phone_draft: Draft) -> None:
        phone_draft.edit("mac_based_provisioning", "yes")
        phone_draft.edit("update_protocol", "tftp")
        assert phone_draft.texts["mac_based_provisioning"] == "yes"
        assert phone_draft.gate("mac_based_provisioning").reason == "needs HTTP or HTTPS"
        assert phone_draft.errors == {}


class TestConfirmation:
    def test_a_new_password_must_be_typed_twice(self, phone_draft: Draft) -> None:
        phone_draft.edit("admin_password", "Other7Word")
        assert phone_draft.errors == {CONFIRM: "is not the same as the administrator password"}
        phone_draft.edit(CONFIRM, "Other7Word")
        assert phone_draft.errors == {}

    @pytest.mark.parametrize("confirmation", ["", "other7word", "Other7Wor"])
    def test_an_empty_or_other_confirmation_is_refused(
        self, phone_draft: Draft, confirmation: str
    ) -> None:
        phone_draft.edit("admin_password", "Other7Word")
        phone_draft.edit(CONFIRM, confirmation)
        assert CONFIRM in phone_draft.errors

    def test_manual_to_none_forgets_password_and_confirmation(
        self, site: Site, phone_draft: Draft
    ) -> None:
        phone_draft.edit("password_generation", "None")
        assert (phone_draft.texts["admin_password"], phone_draft.texts[CONFIRM]) == ("", "")
        assert phone_draft.errors == {}
        saved = site.store.save(site.admin, phone_draft.base, phone_draft.changes)
        assert (saved.values["password_generation"], saved.values["admin_password"]) == ("none", "")

    def test_a_password_generated_for_the_plan_is_the_one_that_is_saved(
        self, site: Site, phone_draft: Draft
    ) -> None:
        phone_draft.edit("password_generation", "Auto generated")
        phone_draft.generate()
        made = phone_draft.values["admin_password"]
        assert made not in ("", "Quiet7River")
        assert phone_draft.errors == {}
        saved = site.store.save(site.admin, phone_draft.base, phone_draft.changes)
        assert saved.values["admin_password"] == made


class TestUndo:
    def test_typing_in_one_field_is_one_edit(self, phone_draft: Draft) -> None:
        for text in ("t", "th", "thi"):
            phone_draft.edit("notes", text)
        assert phone_draft.undo() == "notes"
        assert not phone_draft.is_changed
        assert phone_draft.undo() == ""

    def test_undo_takes_back_what_followed_too(self, draft: Draft) -> None:
        draft.edit("use_provisioning", "yes")
        draft.edit("manufacturer", "Yealink")
        draft.undo()
        assert [draft.texts[n] for n in ("manufacturer", "model", "mac")] == ["", "", ""]
        assert draft.texts["use_provisioning"] == "yes"

    def test_redo_does_it_again(self, draft: Draft) -> None:
        choose_phone(draft)
        texts = dict(draft.texts)
        for _ in range(3):
            draft.undo()
        assert not draft.is_changed
        for _ in range(3):
            draft.redo()
        assert draft.texts == texts

    def test_an_edit_after_undo_ends_the_redo(self, phone_draft: Draft) -> None:
        phone_draft.edit("notes", "one")
        phone_draft.undo()
        phone_draft.edit("notes", "two")
        assert phone_draft.redo() == ""
        assert phone_draft.texts["notes"] == "two"

    def test_undo_brings_errors_back(self, phone_draft: Draft) -> None:
        phone_draft.edit("friendly_name", "De")
        phone_draft.undo()
        assert phone_draft.errors == {}
        phone_draft.redo()
        assert "friendly_name" in phone_draft.errors


class TestKeptDraft:
    """What was typed when the session ended is offered again: all of it."""

    def again(self, site: Site, draft: Draft) -> Draft:
        fresh = site.draft()
        fresh.resume(draft.texts)
        return fresh

    def test_a_whole_new_phone_comes_back(self, site: Site, draft: Draft) -> None:
        choose_phone(draft)
        draft.edit("mac", "80:5E:C0:12:34:56")
        draft.edit("password_generation", "Manual")
        draft.edit("admin_password", "Quiet7River")
        draft.edit(CONFIRM, "Quiet7")
        assert self.again(site, draft).texts == draft.texts

    def test_an_unreadable_text_comes_back(self, site: Site, phone_draft: Draft) -> None:
        phone_draft.edit("mac", "80:5E:C0:1")
        assert self.again(site, phone_draft).texts == phone_draft.texts

    def test_a_tick_that_a_later_field_has_opened_comes_back(self, site: Site) -> None:
        site.add(**PHONE | {"update_protocol": "tftp"})
        draft = site.draft()
        draft.edit("update_protocol", "https")
        draft.edit("mac_based_provisioning", "yes")
        assert self.again(site, draft).texts == draft.texts

    def test_an_ip_that_took_the_place_of_a_lock_list_comes_back(self, site: Site) -> None:
        site.add(allowed_networks="192.0.2.0/24")
        draft = site.draft()
        draft.edit("allowed_networks", "")
        draft.edit("fixed_ip", "192.0.2.9")
        draft.edit("signaling_transport", "TCP")
        assert self.again(site, draft).values == draft.values

    def test_a_manufacturer_that_was_cleared_beside_a_full_mac_stays_cleared(
        self, site: Site, draft: Draft
    ) -> None:
        choose_phone(draft)
        draft.edit("mac", "80:5E:C0:12:34:56")
        draft.edit("manufacturer", "")
        assert self.again(site, draft).texts == draft.texts

    def test_a_text_of_a_field_that_closed_meanwhile_is_left_out(self, site: Site) -> None:
        site.add(**PHONE)
        draft = site.draft()
        draft.edit("notes", "third floor")
        site.save(use_provisioning=False)
        fresh = self.again(site, draft)
        assert fresh.gate("notes").reason or fresh.texts["notes"] == "third floor"


class TestAfterTheSave:
    def test_the_draft_begins_again_from_what_is_stored(
        self, site: Site, phone_draft: Draft
    ) -> None:
        phone_draft.edit("notes", "third floor")
        saved = site.store.save(site.admin, phone_draft.base, phone_draft.changes)
        phone_draft.rebase(saved)
        assert not phone_draft.is_changed
        assert phone_draft.undo() == ""
        phone_draft.edit("notes", "fourth floor")
        again = site.store.save(site.admin, phone_draft.base, phone_draft.changes)
        assert again.values["notes"] == "fourth floor"

    def test_regenerate_is_asked_for_once_and_stored_nowhere(self, phone_draft: Draft) -> None:
        phone_draft.edit(REGENERATE, "yes")
        assert phone_draft.regenerate
        assert phone_draft.changes == {}
        assert not phone_draft.is_changed


def test_what_the_draft_calls_wrong_the_store_refuses(tmp_path: Path) -> None:
    site = a_site(tmp_path)
    site.add(**PHONE)
    wrong = {"friendly_name": "", "mac": "", "codecs": "", "line": "17", "update_interval": "99999"}
    for name, text in wrong.items():
        draft = site.draft()
        draft.edit(name, text)
        assert list(draft.errors) == [name]
        with pytest.raises(Refused) as refused:
            site.store.save(site.admin, draft.base, {name: FIELDS[name].parse(text)})
        assert {r.field: r.reason for r in refused.value.refusals} == draft.errors
