"""The PBX's files are planned, applied, recorded and healed like every phone's file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.publish.helpers import files
from tests.sites import PHONE, Site, a_site
from tuiprov.data.kept import Content, FileVersion
from tuiprov.errors import PublishError, Refused
from tuiprov.publish.plan import Asked, Plan, is_of_pbx
from tuiprov.publish.planning import plan_outdated, plan_page, plan_pbx, plan_removal, plan_settings
from tuiprov.publish.publishing import carry_out, publish
from tuiprov.publish.reconcile import examine, reconcile

PJSIP, DIALPLAN = "pbx/pjsip_tuiprov.conf", "pbx/extensions_tuiprov.conf"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Two extensions, one with a phone, and an Asterisk that knows neither."""
    site = a_site(tmp_path, pbx="asterisk")
    site.add("0027*001", extension_name="Anna", sip_password="first;secret", **PHONE)
    site.add("0027*002", extension_name="Bert", sip_password="other-secret")
    return site


def publish_all(site: Site) -> Plan:
    made = plan_outdated(site.store, site.admin)
    publish(site.store, site.admin, made)
    return made


def pbx_changes(made: Plan) -> dict[str, str]:
    return {change.path: change.kind for change in made.changes if is_of_pbx(change)}


def text(site: Site, path: str = PJSIP) -> str:
    return (site.publish_root / path).read_text()


class TestWhatIsPlanned:
    def test_the_first_plan_writes_all_extensions_beside_the_phones_files(self, site: Site) -> None:
        assert pbx_changes(publish_all(site)) == {PJSIP: "write", DIALPLAN: "write"}
        assert "[0027*001]\ntype=endpoint" in text(site)
        assert r"password=>first\;secret" in text(site)
        assert "exten => 0027*002,hint,PJSIP/0027*002" in text(site, DIALPLAN)

    def test_a_second_plan_is_empty(self, site: Site) -> None:
        publish_all(site)
        assert not plan_outdated(site.store, site.admin)

    def test_a_site_whose_pbx_is_set_up_elsewhere_gets_no_file(self, site: Site) -> None:
        site.configure(pbx="none")
        publish_all(site)
        assert not (site.publish_root / "pbx").exists()

    def test_a_change_of_one_extension_changes_its_lines_only(self, site: Site) -> None:
        publish_all(site)
        before = text(site)
        site.save("0027*002", ping=True)
        made = plan_outdated(site.store, site.admin)
        assert pbx_changes(made) == {PJSIP: "replace"}
        (change,) = made.changes
        assert change.diff(context=0) == ["-qualify_frequency=0", "+qualify_frequency=60"]
        publish(site.store, site.admin, made)
        first, second = before.split("; extension 0027*002\n")
        assert text(site) == first + "; extension 0027*002\n" + second.replace(
            "qualify_frequency=0", "qualify_frequency=60"
        )

    def test_the_plan_of_a_save_shows_it_before_anything_is_stored(self, site: Site) -> None:
        publish_all(site)
        before = site.page("0027*002")
        made = plan_page(site.store, before, before.changed({"ping": True}), regenerate=True)
        assert pbx_changes(made) == {PJSIP: "replace"}
        assert not site.page("0027*002").values["ping"]

    def test_a_new_number_leaves_nothing_of_the_old_one(self, site: Site) -> None:
        publish_all(site)
        site.save("0027*002", extension="0027*009")
        publish_all(site)
        assert "0027*002" not in text(site) + text(site, DIALPLAN)
        assert "[0027*009]" in text(site)

    def test_removing_an_extension_takes_it_from_the_pbx(self, site: Site) -> None:
        publish_all(site)
        page = site.page("0027*002")
        made = plan_removal(site.store, page, files=True)
        assert pbx_changes(made) == {PJSIP: "replace", DIALPLAN: "replace"}
        site.store.extensions.remove(site.admin, page)
        carry_out(site.store, site.admin, plan_pbx(site.store, Asked()))
        assert "0027*002" not in text(site) + text(site, DIALPLAN)

    def test_settings_of_the_pbx_make_its_files_anew(self, site: Site) -> None:
        publish_all(site)
        made = plan_settings(site.store, site.admin, {"pbx_context": "from-inside"})
        assert pbx_changes(made) == {PJSIP: "replace", DIALPLAN: "replace"}
        assert not [change for change in made.changes if not is_of_pbx(change)]

    def test_turning_the_pbx_off_deletes_its_files(self, site: Site) -> None:
        publish_all(site)
        made = plan_settings(site.store, site.admin, {"pbx": "none"})
        assert pbx_changes(made) == {PJSIP: "delete", DIALPLAN: "delete"}
        site.store.set_site(site.admin, {"pbx": "none"})
        publish(site.store, site.admin, made)
        assert not any("pbx/" in path for path in files(site.publish_root))
        site.configure(pbx="asterisk")
        assert pbx_changes(publish_all(site)) == {PJSIP: "write", DIALPLAN: "write"}

    def test_where_limits_it_to_the_extensions_that_match(self, site: Site) -> None:
        publish_all(site)
        site.save("0027*001", ping=True)
        site.save("0027*002", ping=True)
        made = plan_outdated(site.store, site.admin, "extension:0027*002")
        publish(site.store, site.admin, made)
        assert text(site).count("qualify_frequency=60") == 1
        assert pbx_changes(plan_outdated(site.store, site.admin)) == {PJSIP: "replace"}

    def test_extensions_that_share_an_address_are_told_together(self, site: Site) -> None:
        site.save("0027*002", fixed_ip="10.0.0.9")
        publish_all(site)
        assert "identify_by=ip\n" in text(site)
        site.save("0027*001", fixed_ip="10.0.0.9")
        publish_all(site)
        assert "identify_by=ip\n" not in text(site)
        assert text(site).count("permit=10.0.0.9\n") == 2


class TestWhatIsShown:
    def test_no_secret_of_before_or_after_is_in_a_diff(self, site: Site) -> None:
        publish_all(site)
        site.save("0027*002", sip_password="new-secret")
        (change,) = plan_outdated(site.store, site.admin).changes
        shown = "\n".join(change.diff(context=99))
        assert "secret" not in shown
        assert "-password=>******** (before)" in shown
        assert "+password=>********" in shown

    def test_the_first_plan_masks_all_passwords(self, site: Site) -> None:
        made = plan_outdated(site.store, site.admin)
        shown = "\n".join(change.shown_after for change in made.changes if is_of_pbx(change))
        assert "[0027*002]" in shown
        assert "secret" not in shown

    def test_who_does_not_see_an_extension_does_not_see_its_lines(self, site: Site) -> None:
        john = site.viewer("user", "modify", sip=True)
        site.add("0099*001", organization="Rival", user="eve", sip_password="rival-secret")
        made = plan_outdated(site.store, john)
        shown = "\n".join(change.shown_after for change in made.changes if is_of_pbx(change))
        assert "0027*001" in shown
        assert "0099*001" not in shown
        assert "(1 other extension, not shown)" in shown


def before_there_was_a_pbx(site: Site) -> None:
    """Two extensions with one SIP user, which nobody minded then."""
    site.configure(pbx="none")
    site.save("0027*002", sip_username="0027*001")
    site.configure(pbx="asterisk")


class TestWhatCannotBeWritten:
    def test_a_sip_user_that_another_extension_has_is_refused(self, site: Site) -> None:
        with pytest.raises(Refused, match="another extension's SIP user already"):
            site.save("0027*002", sip_username="0027*001")

    def test_two_extensions_with_one_sip_user_would_lose_the_whole_file(self, site: Site) -> None:
        before_there_was_a_pbx(site)
        made = publish_all(site)
        assert made.notes == (
            "extension 0027*002 is left out of the PBX: its SIP user 0027*001 is that of "
            "extension 0027*001",
        )
        assert text(site).count("type=endpoint") == 1

    def test_one_that_is_left_out_comes_in_when_it_is_mended(self, site: Site) -> None:
        before_there_was_a_pbx(site)
        publish_all(site)
        site.save("0027*002", sip_username="")
        assert not publish_all(site).notes
        assert text(site).count("type=endpoint") == 2


class TestOnDisk:
    def test_only_its_group_reads_it_even_where_phones_files_are_for_all(self, site: Site) -> None:
        site.configure(world_readable=True)
        publish_all(site)
        assert stat.S_IMODE(os.stat(site.publish_root / PJSIP).st_mode) == 0o640
        assert stat.S_IMODE(os.stat(site.publish_root / "pbx").st_mode) == 0o2750

    def test_the_pbx_gets_through_the_root_to_its_directory(self, site: Site) -> None:
        publish_all(site)
        assert stat.S_IMODE(os.stat(site.publish_root).st_mode) == 0o2751

    def test_it_has_the_group_that_the_settings_name(self, site: Site) -> None:
        if os.geteuid() != 0:
            pytest.skip("only root gives a file to any group")
        site.configure(pbx_group="daemon", publish_group="www-data")
        publish_all(site)
        found = {path.name: path.group() for path in site.publish_root.iterdir()}
        assert found == {"http": "www-data", "pbx": "daemon"}
        assert (site.publish_root / PJSIP).group() == "daemon"

    def test_damage_is_found_and_healed(self, site: Site) -> None:
        publish_all(site)
        whole = text(site)
        (site.publish_root / PJSIP).write_text(whole[:100])
        (site.publish_root / DIALPLAN).unlink()
        assert examine(site.store).wrong == (DIALPLAN, PJSIP)
        reconcile(site.store)
        assert text(site) == whole
        assert not examine(site.store)

    def test_a_file_that_somebody_changed_since_the_plan_is_left_to_the_next_plan(
        self, site: Site
    ) -> None:
        publish_all(site)
        site.save("0027*001", ping=True)
        late = plan_outdated(site.store, site.admin)
        site.save("0027*002", ping=True)
        publish(site.store, site.admin, plan_outdated(site.store, site.admin))
        with pytest.raises(PublishError, match="somebody else changed"):
            publish(site.store, site.admin, late)
        assert text(site).count("qualify_frequency=60") == 2

    def test_only_the_contents_of_the_latest_versions_are_kept(self, site: Site) -> None:
        """Each holds all extensions: a site of many would fill the disk with them."""
        for number in range(12):
            site.save("0027*001", extension_name=f"Anna {number}")
            publish_all(site)
        versions = [row for row in site.rows(FileVersion) if row.path == PJSIP]
        kept = {row.digest for row in site.rows(Content)}
        assert len(versions) == 12
        assert [row.digest in kept for row in versions] == [False] * 2 + [True] * 10

    def test_a_block_changed_by_hand_comes_back_with_the_next_repair(self, site: Site) -> None:
        publish_all(site)
        path = site.publish_root / PJSIP
        path.write_text(text(site).replace("ping", "pong").replace("alaw", "gsm"))
        assert examine(site.store).wrong == (PJSIP,)
