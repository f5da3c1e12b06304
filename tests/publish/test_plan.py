"""The plan: what differs from what is published, each change with its diff, nothing else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.phones import phone
from tests.publish.helpers import desk, files, plan_of, put, tftp_phone
from tuiprov.data.page import Phone
from tuiprov.data.site import Site
from tuiprov.publish.apply import apply
from tuiprov.publish.plan import Plan, plan
from tuiprov.publish.tree import Tree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "publish"


def kinds(ready: Plan) -> dict[str, str]:
    return {change.path: change.kind for change in ready.changes}


def numbered(device_id: int, one: Phone) -> Phone:
    return replace(one, device_id=device_id)


# -- what changes -------------------------------------------------------------------------------


def test_a_new_phone_gets_its_file_written(root: Path) -> None:
    ready = plan_of(root, [desk()])
    assert kinds(ready) == {"http/0c383eaabbcc/0c383eaabbcc.cfg": "write"}
    assert ready.summary() == "1 to write, 0 to replace, 0 to delete"


def test_planning_changes_nothing(root: Path) -> None:
    put(root, desk("Alice"))
    before = files(root)
    assert plan_of(root, [desk("Bob"), tftp_phone()])
    assert files(root) == before


def test_a_second_plan_after_an_apply_is_empty(root: Path) -> None:
    put(root, desk(), tftp_phone())
    again = plan_of(root, [desk(), tftp_phone()])
    assert again.changes == ()
    assert again.summary() == "nothing to do: the published files are as they should be"


def test_only_the_files_that_differ_are_touched(root: Path) -> None:
    put(root, tftp_phone("01"), tftp_phone("02"), desk("Alice"))
    for path in root.rglob("*.cfg"):
        os.utime(path, (1, 1))
    before = {path: path.stat() for path in root.rglob("*.cfg")}
    changed = put(root, tftp_phone("01"), tftp_phone("02"), desk("Bob"))
    assert kinds(changed) == {"http/0c383eaabbcc/0c383eaabbcc.cfg": "replace"}
    for path, was in before.items():
        same = (path.stat().st_ino, path.stat().st_mtime_ns) == (was.st_ino, was.st_mtime_ns)
        assert same == (path.parent.name == "tftp"), path


def test_a_file_that_somebody_edited_on_disk_is_put_right(root: Path) -> None:
    put(root, desk())
    (path,) = root.rglob("*.cfg")
    good = path.read_bytes()
    path.write_bytes(good + b"evil\n")
    assert kinds(put(root, desk())) == {"http/0c383eaabbcc/0c383eaabbcc.cfg": "replace"}
    assert path.read_bytes() == good


def test_without_regenerate_an_existing_file_is_held(root: Path) -> None:
    put(root, desk("Alice"))
    ready = plan([desk("Bob")], {}, Tree(root), regenerate=False)
    assert ready.changes == ()
    assert [change.kind for change in ready.held] == ["replace"]


def test_without_regenerate_a_missing_file_is_written_all_the_same(root: Path) -> None:
    ready = plan([desk()], {}, Tree(root), regenerate=False)
    assert list(kinds(ready).values()) == ["write"]


@pytest.mark.parametrize("regenerate", [True, False])
def test_a_disabled_phone_loses_its_files_whether_regenerated_or_not(
    root: Path, regenerate: bool
) -> None:
    recorded = recorded_for(1, put(root, desk()))
    ready = plan([desk(status="disabled")], recorded, Tree(root), regenerate=regenerate)
    assert kinds(ready) == {"http/0c383eaabbcc/0c383eaabbcc.cfg": "delete"}


def test_a_phone_without_lines_loses_its_files(root: Path) -> None:
    recorded = recorded_for(1, put(root, desk()))
    assert plan([replace(desk(), lines=())], recorded, Tree(root)).count("delete") == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"mac": "0C:38:3E:00:00:02"},
        {"mac_based_provisioning": False},
        {"update_protocol": "tftp"},
    ],
    ids=["MAC", "link", "protocol"],
)
def test_a_file_whose_place_changes_is_written_there_and_deleted_here(
    root: Path, changed: dict[str, object]
) -> None:
    recorded = recorded_for(1, put(root, desk()))
    ready = plan([desk(**changed)], recorded, Tree(root))
    (old,) = recorded
    assert sorted(kinds(ready).values()) == ["delete", "write"]
    assert kinds(ready)[old] == "delete"
    apply(ready, Site(publish_root=str(root)))
    assert list(files(root)) == [path for path, kind in kinds(ready).items() if kind == "write"]


def test_a_new_model_takes_its_files_with_it(root: Path) -> None:
    snom = phone("Snom", "D765", "10", mac="00:04:13:00:00:01")
    recorded = recorded_for(1, put(root, snom))
    ready = plan([phone("Snom", "D785", "10", mac="00:04:13:00:00:01")], recorded, Tree(root))
    place = "http/000413000001"
    assert kinds(ready)[f"{place}/snomD765-000413000001.htm"] == "delete"
    assert kinds(ready)[f"{place}/snomD785-000413000001.htm"] == "write"


def test_a_recorded_file_is_deleted_even_when_it_is_not_seen_now(root: Path) -> None:
    """Another publisher may be about to put it there."""
    ready = plan([desk(status="disabled")], {"tftp/gone.cfg": 1}, Tree(root))
    assert kinds(ready) == {"tftp/gone.cfg": "delete"}
    apply(ready, Site(publish_root=str(root)))


def test_a_path_that_another_device_of_the_plan_takes_over_is_not_deleted(root: Path) -> None:
    one = numbered(1, tftp_phone("01"))
    put(root, one)
    moved = numbered(1, tftp_phone("02"))
    heir = numbered(2, tftp_phone("01", "Bob"))
    ready = plan([moved, heir], {"tftp/00085D000001.cfg": 1}, Tree(root))
    assert kinds(ready) == {
        "tftp/00085D000002.cfg": "write",
        "tftp/00085D000001.cfg": "replace",
    }


# -- shared files -------------------------------------------------------------------------------


def test_a_shared_file_is_planned_once_and_belongs_to_nobody(root: Path) -> None:
    ready = plan_of(root, [numbered(n, tftp_phone(f"0{n}")) for n in (1, 2, 3)])
    shared = [change for change in ready.changes if change.path == "tftp/aastra.cfg"]
    assert [(change.kind, change.device_id) for change in shared] == [("write", None)]
    assert len(ready.changes) == 4


def test_in_a_directory_of_its_own_a_shared_file_belongs_to_the_device(root: Path) -> None:
    ready = plan_of(root, [numbered(1, phone("Aastra", "6731i", "3.3.1", update_protocol="http"))])
    assert {change.device_id for change in ready.changes} == {1}
    assert any(change.path.endswith("/aastra.cfg") for change in ready.changes)


def test_a_phone_that_cannot_be_rendered_keeps_no_shared_file_from_the_others(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = numbered(1, tftp_phone("01"))
    clash = numbered(2, tftp_phone("02"))
    ready = plan_of(root, [broken, replace(broken, device_id=3, site=Site(ntp_server="x")), clash])
    assert 3 in ready.failed
    assert kinds(ready).keys() == {
        "tftp/00085D000001.cfg",
        "tftp/00085D000002.cfg",
        "tftp/aastra.cfg",
    }


# -- failures -----------------------------------------------------------------------------------


def test_the_second_device_that_wants_a_name_fails_and_the_others_go_on(root: Path) -> None:
    first, second, third = (
        numbered(1, tftp_phone("01", "Alice")),
        numbered(2, tftp_phone("01", "Bob")),
        numbered(3, tftp_phone("03")),
    )
    ready = plan_of(root, [first, second, third])
    assert dict(ready.failed) == {
        2: "tftp/00085D000001.cfg: another device's file has this name already"
    }
    assert {change.device_id for change in ready.changes} == {1, 3, None}


def test_a_device_that_fails_keeps_what_it_had(root: Path) -> None:
    first, second = numbered(1, tftp_phone("01")), numbered(2, tftp_phone("02"))
    put(root, first, second)
    clash = numbered(2, tftp_phone("01", "Bob"))
    ready = plan([first, clash], {"tftp/00085D000002.cfg": 2}, Tree(root))
    assert 2 in ready.failed
    assert ready.changes == ()


def test_a_file_that_does_not_parse_back_is_never_planned(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tftp_phone("01")
    values = {**broken.lines[0].extension, "sip_password": "a\nadmin password: 1"}
    line = replace(broken.lines[0], extension=values)
    ready = plan_of(root, [numbered(1, replace(broken, lines=(line,))), tftp_phone("02")])
    assert ready.failed.keys() == {1}
    assert "a\nadmin" not in ready.failed[1]
    assert "tftp/00085D000001.cfg" not in kinds(ready)
    assert "tftp/00085D000002.cfg" in kinds(ready)


# -- what is shown ------------------------------------------------------------------------------


def test_the_diff_shows_the_changed_lines_only(root: Path) -> None:
    put(root, desk("Alice"))
    (change,) = plan_of(root, [desk("Bob")]).changes
    assert [line for line in change.diff(context=0) if "Display Name" in line] == [
        "-SIP1 Display Name       :Alice",
        "+SIP1 Display Name       :Bob",
    ]


def test_a_new_file_is_shown_whole(root: Path) -> None:
    (change,) = plan_of(root, [desk()]).changes
    shown = change.diff()
    assert len(shown) == len(change.data.decode().splitlines())
    assert all(line.startswith("+") for line in shown)


def recorded_for(device_id: int, done: Plan) -> Mapping[str, int | None]:
    return {change.path: device_id for change in done.changes}
