"""Many changes as a few groups: the same lines together, with how many phones get them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.phones import phone
from tests.publish.helpers import plan_of, publish_site, put, tftp_phone
from tests.sites import PHONE, a_site
from tuiprov.data.page import MASK, Phone
from tuiprov.data.site import Site
from tuiprov.publish.grouping import Group, groups, settings
from tuiprov.publish.plan import Change, Plan, own_words, plan
from tuiprov.publish.planning import plan_devices
from tuiprov.publish.tree import Tree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "publish"


def fleet(*names: str, site: Site | None = None, **values: object) -> list[Phone]:
    """Fanvils on HTTPS, each with its own MAC address, token, name and password."""
    return [
        replace(
            phone(
                "Fanvil",
                "X4U",
                "2.12",
                mac=f"0C:38:3E:00:00:{number:02X}",
                sip={
                    "extension": f"0027*{number:03}",
                    "sip_username": "",
                    "extension_name": name,
                    "sip_password": f"Secret{number:04}",
                },
                **values,
            ),
            device_id=number,
            token=f"{number:032x}",
            site=site or Site(),
        )
        for number, name in enumerate(names, 1)
    ]


NAMES = ("Anna", "Ben", "Clara", "David", "Emma", "Felix", "Greta")


def regrouped(root: Path, before: Sequence[Phone], after: Sequence[Phone]) -> list[Group]:
    put(root, *before)
    return groups(plan_of(root, after))


def test_one_setting_of_the_site_is_one_group_with_its_lines_and_its_count(root: Path) -> None:
    (group,) = regrouped(root, fleet(*NAMES), fleet(*NAMES, site=Site(ntp_server="ntp.acme.test")))
    assert (group.kind, group.devices, len(group.paths)) == ("replace", 7, 7)
    assert any(line.startswith("-") and "pool.ntp.org" in line for line in group.lines)
    assert any(line.startswith("+") and "ntp.acme.test" in line for line in group.lines)
    assert group.headline() == "7 phones: 0c383e000001.cfg, 0c383e000002.cfg, …"


@pytest.mark.parametrize("by_mac", [True, False], ids=["MAC links", "token links"])
def test_what_is_a_phone_s_own_in_a_changed_line_does_not_keep_phones_apart(
    root: Path, by_mac: bool
) -> None:
    yealinks = [
        replace(
            phone(
                "Yealink",
                "T46S",
                "84",
                mac=f"80:5E:C0:00:00:{n:02X}",
                mac_based_provisioning=by_mac,
            ),
            device_id=n,
            token=f"{n:032x}",
        )
        for n in range(1, 8)
    ]
    moved = [replace(one, site=Site(provisioning_host="prov.acme.test")) for one in yealinks]
    (group,) = regrouped(root, yealinks, moved)
    assert group.devices == 7
    sign = "<mac>" if by_mac else "<token>"
    assert any(f"prov.acme.test/prov/{sign}/" in line for line in group.lines)


def test_different_changes_stand_in_groups_of_their_own_the_widest_first(root: Path) -> None:
    put(root, *fleet(*NAMES))
    after = fleet(*NAMES, site=Site(ntp_server="ntp.acme.test"))
    after[2] = fleet(*NAMES[:3], site=Site(voicemail_number="*98"))[2]
    assert [group.devices for group in groups(plan_of(root, after))] == [6, 1]


def test_no_password_is_in_a_group(root: Path) -> None:
    put(root, *fleet(*NAMES))
    after = [
        replace(
            one,
            lines=(
                replace(
                    one.lines[0],
                    extension={**one.lines[0].extension, "sip_password": f"Other{one.device_id}"},
                ),
            ),
        )
        for one in fleet(*NAMES)
    ]
    (group,) = groups(plan_of(root, after))
    assert group.devices == 7
    said = "\n".join(group.lines)
    assert MASK in said
    assert "Secret" not in said
    assert "Other" not in said


def test_new_and_deleted_files_are_one_group_each() -> None:
    changes = [Change("write", f"tftp/{n}", n, b"", "", f"x{n}") for n in range(3)]
    changes += [Change("delete", f"tftp/old{n}", n) for n in range(4)]
    found = groups(Plan(tuple(changes)))
    assert [(group.kind, group.devices, group.lines) for group in found] == [
        ("write", 3, ()),
        ("delete", 4, ()),
    ]


def test_a_shared_file_counts_for_every_phone_that_reads_it(root: Path) -> None:
    phones = [replace(tftp_phone(f"0{n}"), device_id=n) for n in (1, 2, 3)]
    put(root, *phones)
    after = [replace(one, site=Site(ntp_server="ntp.acme.test")) for one in phones]
    found = plan_of(root, after)
    (shared,) = (one for one in groups(found) if one.paths == ("tftp/aastra.cfg",))
    assert shared.headline() == "3 phones, 1 file: aastra.cfg"
    assert found.devices == 3


def test_a_phone_with_two_files_is_counted_once() -> None:
    changes = tuple(Change("write", f"http/1/{name}", 1) for name in ("a", "b"))
    (group,) = groups(Plan(changes))
    assert group.headline() == "1 phone, 2 files: a, b"


def test_what_is_held_is_grouped_apart(root: Path) -> None:
    put(root, *fleet(*NAMES))
    after = fleet(*NAMES, site=Site(ntp_server="ntp.acme.test"))
    found = groups(plan(after, {}, Tree(root), regenerate=False))
    assert [(group.held, group.devices) for group in found] == [(True, 7)]


def test_files_written_again_for_their_mode_have_no_lines(root: Path) -> None:
    put(root, *fleet(*NAMES))
    again = plan(fleet(*NAMES), {}, Tree(root), rewrite=True)
    (group,) = groups(again)
    assert group.is_rewritten
    assert (group.kind, group.devices) == ("replace", 7)


def test_a_short_number_is_not_taken_for_a_phone_s_own() -> None:
    one = fleet("Jo")[0]
    words = {word for word, _ in own_words(one)}
    assert "Jo" not in words
    assert {"0C:38:3E:00:00:01", "0c383e000001", "0027*001", one.token} <= words


def test_a_number_inside_another_number_stays_as_it_is() -> None:
    change = Change(
        "replace",
        "tftp/a",
        1,
        b"",
        "port 506001\nuser 506",
        "port 506002\nuser 506",
        phone("Yealink", "T46S", "84", sip={"sip_username": "506"}),
    )
    (group,) = groups(Plan((change,)))
    assert group.lines == ("-port 506001", "+port 506002")


def test_the_diff_of_a_long_file_is_its_changed_lines_with_their_context() -> None:
    lines = [f"line {n}" for n in range(50)]
    after = [*lines[:20], "other", *lines[21:]]
    change = Change("replace", "tftp/a", 1, b"", "\n".join(lines), "\n".join(after))
    assert change.diff(context=0) == ["-line 20", "+other"]
    assert change.diff() == [" line 19", "-line 20", "+other", " line 21"]


@pytest.mark.parametrize(
    ("before", "after", "diff"),
    [
        ("a\nb", "a\nb\nc", ["+c"]),
        ("a\nb\nc", "b\nc", ["-a"]),
        ("a\na\na", "a\na", ["-a"]),
        ("", "a", ["+a"]),
        ("a", "a", []),
    ],
)
def test_lines_that_come_or_go_at_an_end_are_found(
    before: str, after: str, diff: list[str]
) -> None:
    assert Change("replace", "x", 1, b"", before, after).diff(context=0) == diff


def test_failures_are_told_by_name(root: Path) -> None:
    one = replace(tftp_phone("01"), device_id=7)
    clash = replace(tftp_phone("01", "Bob"), device_id=8)
    ready = plan_of(root, [one, clash])
    (said,) = ready.failures()
    assert said.startswith(f"{clash.values['friendly_name']} (00:08:5D:00:00:01): tftp/")
    assert Plan(failed={9: "x"}).failures() == ["device 9: x"]


def test_what_many_phones_change_is_told_by_the_manufacturers_own_setting(tmp_path: Path) -> None:
    site = a_site(tmp_path)
    for n in range(1, 5):
        site.add(f"0027*00{n}", **{**PHONE, "mac": f"80:5E:C0:00:00:0{n}"})
    publish_site(site)
    for n in (1, 2, 3):
        site.save(f"0027*00{n}", dtmf_mode="info")
    site.save("0027*004", extension_name="Bob")
    found = settings(plan_devices(site.store, [1, 2, 3, 4]))
    assert [one.words() for one in found] == ["3 phones change account.1.dtmf.type, 1 do not"]


def test_in_xml_a_setting_is_named_by_its_element(tmp_path: Path) -> None:
    site = a_site(tmp_path)
    snom = PHONE | {"manufacturer": "Snom", "model": "D765", "firmware": "10"}
    for n in (1, 2):
        site.add(f"0027*00{n}", **{**snom, "mac": f"00:04:13:00:00:0{n}"})
    publish_site(site)
    for n in (1, 2):
        site.save(f"0027*00{n}", dtmf_mode="info")
    found = settings(plan_devices(site.store, [1, 2]))
    assert "user_dtmf_info[1]" in {one.name for one in found}


def test_elements_of_one_name_are_told_apart_by_their_paths() -> None:
    texts = [f"<a><b><x>{n}</x></b><c><x>{n}</x><y>{n}</y></c></a>" for n in (1, 2)]
    changes = tuple(
        Change("replace", f"tftp/{n}.xml", n, b"", *texts, format="xml") for n in (1, 2)
    )
    assert {one.name for one in settings(Plan(changes))} == {"a/b/x", "a/c/x", "y"}
