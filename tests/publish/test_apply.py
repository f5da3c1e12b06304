"""Applying a plan: all the files or none, in the right order, with the right owner and mode."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import grp
import os
import signal
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.children import children
from tests.phones import phone
from tests.publish.helpers import desk, files, plan_of, put, tftp_phone
from tuiprov.data.page import Phone
from tuiprov.data.site import Site
from tuiprov.errors import PublishError
from tuiprov.publish import placing, syncing
from tuiprov.publish.apply import Putting, apply, locked
from tuiprov.publish.apply import put as put_files
from tuiprov.publish.plan import Change


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "publish"


def three(name: str) -> list[Phone]:
    """Three phones that publish five files in three directories."""
    snom = phone("Snom", "D765", "10", sip={"extension_name": name})
    return [desk(name), tftp_phone("01", name), snom]


# -- order and durability -----------------------------------------------------------------------


def test_every_file_is_synced_before_the_first_rename_and_every_directory_after_the_last(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(root, *three("Alice"))
    calls = recorded_calls(monkeypatch)
    changed = put(root, *three("Bob"))
    synced_first = calls[: len(changed.changes)]
    assert [name for name, _ in synced_first] == ["fsync"] * len(changed.changes)
    renamed = calls[len(changed.changes) : 2 * len(changed.changes)]
    assert [name for name, _ in renamed] == ["replace"] * len(changed.changes)
    assert {inode for _, inode in synced_first} == {inode for _, inode in renamed}
    directories = {(root / change.path).parent.stat().st_ino for change in changed.changes}
    assert [name for name, _ in calls[2 * len(changed.changes) :]] == ["fsync"] * len(directories)
    assert {inode for _, inode in calls[2 * len(changed.changes) :]} == directories


def test_a_new_directory_is_synced_into_the_one_that_holds_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = recorded_calls(monkeypatch)
    put(root, desk())
    synced = {inode for name, inode in calls if name == "fsync"}
    for directory in (root.parent, root, root / "http"):
        assert directory.stat().st_ino in synced, directory


def test_the_temporary_file_lies_in_the_directory_of_the_file_it_replaces(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    renames: list[tuple[Path, Path]] = []
    replace = os.replace

    def watched(source: Any, target: Any) -> None:
        renames.append((Path(source), Path(target)))
        replace(source, target)

    monkeypatch.setattr(os, "replace", watched)
    put(root, *three("Alice"))
    assert renames
    for source, target in renames:
        assert source.parent == target.parent
        assert source.name.startswith(".")


def test_of_many_files_the_file_system_is_synced_before_the_first_rename_and_after_the_last(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(root, *three("Alice"))
    monkeypatch.setattr(syncing, "MANY", 3)
    calls = recorded_calls(monkeypatch)
    changed = put(root, *three("Bob"))
    renamed = ["replace"] * len(changed.changes)
    assert [name for name, _ in calls] == ["syncfs", *renamed, "syncfs"]


def test_a_system_without_syncfs_has_each_of_many_files_synced_by_itself(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(root, *three("Alice"))
    monkeypatch.setattr(syncing, "MANY", 3)
    monkeypatch.setattr(syncing, "syncfs", lambda: None)
    calls = recorded_calls(monkeypatch, whole=False)
    changed = put(root, *three("Bob"))
    directories = {(root / change.path).parent for change in changed.changes}
    assert [name for name, _ in calls].count("fsync") == len(changed.changes) + len(directories)


@pytest.mark.parametrize(
    ("system", "release", "reports"),
    [("Linux", "5.7.19", False), ("Linux", "5.8.0-rc1", True), ("Linux", "6.18", True)],
)
def test_a_linux_that_does_not_report_failed_writes_is_not_trusted_with_many(
    system: str, release: str, reports: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = os.uname_result((system, "host", release, "", "x86_64"))
    monkeypatch.setattr(os, "uname", lambda: told)
    assert (syncing.syncfs.__wrapped__() is not None) == reports


def test_hundreds_of_files_are_written_and_told_in_rounds(root: Path) -> None:
    many, told = hundreds(), []
    with writing(root, many) as putting:
        putting.finish(told.append)
    assert files(root) == {change.path: change.data for change in many}
    assert told == [200, 400, 600, 700]


def test_of_many_files_in_threads_the_first_that_fails_is_told_and_none_is_left(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = hundreds()
    write = os.write

    def full(handle: int, data: bytes) -> int:
        if os.readlink(f"/proc/self/fd/{handle}").rpartition(".cfg")[0][-4:] > "0630":
            raise OSError(errno.ENOSPC, "")
        return write(handle, data)

    monkeypatch.setattr(os, "write", full)
    site = Site(publish_root=str(root))
    with locked(site), pytest.raises(PublishError, match=r"0631.cfg: the disk is full"):
        put_files(many, site)
    assert files(root) == {}


def hundreds() -> list[Change]:
    """700 new files in one directory."""
    return [
        Change("write", f"tftp/{number:04}.cfg", number, b"x" * (number + 1))
        for number in range(700)
    ]


@contextmanager
def writing(root: Path, changes: list[Change]) -> Iterator[Putting]:
    site = Site(publish_root=str(root))
    with locked(site), Putting(site, changes) as putting:
        yield putting


class TestProcessesBeside:
    """In a program of one thread very many files are written by processes of their own."""

    @pytest.fixture(autouse=True)
    def forks(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        before = children()
        monkeypatch.setattr(placing, "FORKED_FROM", 500)
        monkeypatch.setattr(threading, "active_count", lambda: 1)
        yield
        assert children() == before

    def test_they_write_while_this_one_does_something_else(self, root: Path) -> None:
        many, told = hundreds(), []
        with writing(root, many) as putting:
            putting.begin()
            while len(files(root)) < len(many):
                pass
            assert all(placing.TEMPORARY.fullmatch(Path(one).name) for one in files(root))
            putting.finish(told.append)
        assert files(root) == {change.path: change.data for change in many}
        assert told[-1] == 700
        assert sorted(told) == told
        assert modes(root) == ({0o2750}, {0o640})

    def test_what_is_broken_off_before_the_end_leaves_nothing(self, root: Path) -> None:
        with contextlib.suppress(KeyboardInterrupt), writing(root, hundreds()) as putting:
            putting.begin()
            raise KeyboardInterrupt
        assert list(root.iterdir()) == []

    def test_a_full_disk_is_told_by_the_name_of_a_file(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(os, "fchmod", raiser(OSError(errno.ENOSPC, "")))
        with writing(root, hundreds()) as putting:
            putting.begin()
            with pytest.raises(PublishError, match=r"000[01].cfg: the disk is full; nothing was"):
                putting.finish()
        assert files(root) == {}

    def test_one_that_is_killed_costs_nothing_but_the_publish(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        parent, fchmod = os.getpid(), os.fchmod

        def killed(handle: int, mode: int) -> None:
            if os.getpid() != parent:
                os.kill(os.getpid(), signal.SIGKILL)
            fchmod(handle, mode)

        monkeypatch.setattr(os, "fchmod", killed)
        with writing(root, hundreds()) as putting:
            putting.begin()
            with pytest.raises(PublishError, match="a process that wrote files was ended"):
                putting.finish()
        assert files(root) == {}

    def test_where_no_process_is_to_be_had_it_is_one_line_and_nothing_is_left(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        error = OSError(errno.EAGAIN, "Resource temporarily unavailable")
        monkeypatch.setattr(os, "fork", raiser(error))
        with (
            writing(root, hundreds()) as putting,
            pytest.raises(PublishError, match=f"{root}: Resource temporarily unavailable;"),
        ):
            putting.begin()
        assert files(root) == {}

    def test_beside_other_threads_nothing_is_forked(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(threading, "active_count", lambda: 2)
        monkeypatch.setattr(os, "fork", raiser(AssertionError("forked")))
        with writing(root, hundreds()) as putting:
            putting.begin()
            assert files(root) == {}
            putting.finish()
        assert len(files(root)) == 700


def raiser(error: Exception) -> Callable[..., Any]:
    def raises(*_: Any) -> None:
        raise error

    return raises


def recorded_calls(monkeypatch: pytest.MonkeyPatch, *, whole: bool = True) -> list[tuple[str, int]]:
    """(call, inode) of each fsync, syncfs and rename from now on, in order."""
    calls: list[tuple[str, int]] = []
    if whole:
        monkeypatch.setattr(syncing, "syncfs", lambda: lambda _: calls.append(("syncfs", 0)))
    fsync, replace = os.fsync, os.replace

    def watched_fsync(handle: int) -> None:
        calls.append(("fsync", os.fstat(handle).st_ino))
        fsync(handle)

    def watched_replace(source: Any, target: Any) -> None:
        calls.append(("replace", os.stat(source).st_ino))
        replace(source, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "replace", watched_replace)
    return calls


# -- failures -----------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO], ids=errno.errorcode.get)
@pytest.mark.parametrize("call", ["open", "write", "fchmod", "syncfs"])
def test_a_failure_with_many_files_leaves_all_old_or_all_new_and_no_temporary_one(
    root: Path, call: str, error: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(root, *three("Alice"))
    monkeypatch.setattr(syncing, "MANY", 3)
    before = files(root)
    ready = plan_of(root, three("Bob"))
    after = before | {change.path: change.data for change in ready.changes}
    outcomes = [outcome(root, ready, call, step, error) for step in steps(root, ready, call)]
    assert outcomes[0] == before
    assert all(found in (before, after) for found in outcomes)
    assert len(outcomes) >= 2


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO], ids=errno.errorcode.get)
@pytest.mark.parametrize("call", ["open", "write", "fchmod", "fsync"])
def test_a_failure_at_any_step_leaves_all_files_old_or_all_new_and_no_temporary_one(
    root: Path, call: str, error: int
) -> None:
    put(root, *three("Alice"))
    before = files(root)
    ready = plan_of(root, three("Bob"))
    after = before | {change.path: change.data for change in ready.changes}
    outcomes = [outcome(root, ready, call, step, error) for step in steps(root, ready, call)]
    assert len(outcomes) >= len(ready.changes)
    assert outcomes[: len(ready.changes)] == [before] * len(ready.changes)
    # Only a directory that cannot be synced is noticed when the new files are in their places.
    assert all(found in (before, after) for found in outcomes)


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO], ids=errno.errorcode.get)
def test_a_rename_that_fails_leaves_each_file_whole_old_or_new(root: Path, error: int) -> None:
    put(root, *three("Alice"))
    ready = plan_of(root, three("Bob"))
    wanted = {change.path: change.data for change in ready.changes}
    for step in range(1, len(ready.changes) + 1):
        put(root, *three("Alice"))
        before = files(root)
        found = outcome(root, plan_of(root, three("Bob")), "replace", step, error)
        assert found.keys() == before.keys()
        assert all(found[path] in (before[path], wanted.get(path)) for path in found)
        assert found != before | wanted
    put(root, *three("Bob"))
    assert not plan_of(root, three("Bob"))


def test_a_first_publish_that_fails_leaves_no_file_at_all(root: Path) -> None:
    ready = plan_of(root, three("Alice"))
    for step in range(1, len(ready.changes) + 1):
        assert outcome(root, ready, "write", step, errno.ENOSPC) == {}


def test_a_publish_that_is_interrupted_while_it_writes_leaves_no_temporary_file(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(root, desk("Alice"))
    before = files(root)

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fchmod", interrupted)
    with pytest.raises(KeyboardInterrupt):
        put(root, desk("Bob"))
    assert files(root) == before


def test_a_full_disk_is_told_with_the_file_s_name(root: Path) -> None:
    ready = plan_of(root, [desk()])
    with failing("write", 1, errno.ENOSPC), pytest.raises(PublishError) as told:
        apply(ready, Site(publish_root=str(root)))
    assert str(told.value) == f"{root / ready.changes[0].path}: the disk is full; nothing was lost"


def outcome(root: Path, ready: Any, call: str, step: int, error: int) -> dict[str, bytes]:
    """The tree after an apply whose `step`-th `call` fails; it must have been refused plainly."""
    with failing(call, step, error), pytest.raises(PublishError) as told:
        apply(ready, Site(publish_root=str(root)))
    assert "\n" not in str(told.value)
    assert str(root) in str(told.value)
    return files(root)


def steps(root: Path, ready: Any, call: str) -> range:
    """1 … how often an apply of `ready` makes `call`, counted on a copy of the tree."""
    copy = root.with_name("copy")
    for path, data in files(root).items():
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        (copy / path).write_bytes(data)
    with failing(call, 0, 0) as made:
        apply(ready, Site(publish_root=str(copy)))
    return range(1, made() + 1)


@contextmanager
def failing(call: str, step: int, error: int) -> Iterator[Callable[[], int]]:
    """Let the `step`-th `call` of the operating system fail (0: none); gives a count of calls."""
    counter = count(1)
    made = [0]

    def broken(original: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **options: Any) -> Any:
            number = next(counter)
            made[0] = max(made[0], number)
            if number == step:
                raise OSError(error, os.strerror(error))
            return original(*arguments, **options)

        return wrapped

    with pytest.MonkeyPatch.context() as patch:
        if call == "syncfs":
            original = syncing.syncfs()
            assert original is not None
            patch.setattr(syncing, "syncfs", lambda: broken(original))
        else:
            patch.setattr(os, call, broken(getattr(os, call)))
        yield lambda: made[0]


# -- owner and mode -----------------------------------------------------------------------------


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077], ids=oct)
def test_directories_are_2750_and_files_0640_whatever_the_umask(root: Path, mask: int) -> None:
    with umask(mask):
        put(root, *three("Alice"))
    assert modes(root) == ({0o2750}, {0o640})


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077], ids=oct)
def test_world_readable_adds_others_and_nothing_else(root: Path, mask: int) -> None:
    ready = plan_of(root, three("Alice"))
    with umask(mask):
        apply(ready, Site(publish_root=str(root), world_readable=True))
    assert modes(root) == ({0o2755}, {0o644})


def test_a_replaced_file_gets_the_mode_of_a_new_one(root: Path) -> None:
    put(root, desk("Alice"))
    (path,) = (root / one for one in files(root))
    path.chmod(0o666)
    put(root, desk("Bob"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_directories_above_the_publish_root_are_made_with_the_same_mode(tmp_path: Path) -> None:
    deep = tmp_path / "srv" / "phones" / "publish"
    with umask(0o077):
        put(deep, desk())
    assert modes(tmp_path / "srv") == ({0o2750}, {0o640})


def test_everything_published_belongs_to_the_publish_group(root: Path) -> None:
    group = some_group()
    ready = plan_of(root, three("Alice"))
    apply(ready, Site(publish_root=str(root), publish_group=group.gr_name))
    owners = {path.stat().st_gid for path in (root, *root.rglob("*"))}
    assert owners == {group.gr_gid}


def test_a_group_that_does_not_exist_is_refused_before_anything_is_written(root: Path) -> None:
    with pytest.raises(PublishError, match="there is no group 'nosuchgroup' on this host"):
        apply(plan_of(root, [desk()]), Site(publish_root=str(root), publish_group="nosuchgroup"))
    assert not root.exists()


def test_a_directory_that_was_there_keeps_its_mode(root: Path) -> None:
    root.mkdir(mode=0o755)
    root.chmod(0o755)
    put(root, desk())
    assert stat.S_IMODE(root.stat().st_mode) == 0o755


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def modes(root: Path) -> tuple[set[int], set[int]]:
    """The modes of all directories and of all files under `root`, `root` among them."""
    found: tuple[set[int], set[int]] = (set(), set())
    for path in (root, *root.rglob("*")):
        found[not path.is_dir()].add(stat.S_IMODE(path.stat().st_mode))
    return found


def some_group() -> grp.struct_group:
    """A group this process may give files to, if possible another than its own."""
    mine = [grp.getgrgid(number) for number in {*os.getgroups(), os.getgid()}]
    able = grp.getgrall() if os.geteuid() == 0 else mine
    return next((one for one in able if one.gr_gid != os.getgid()), mine[0])


# -- obstacles ----------------------------------------------------------------------------------


def test_a_second_publisher_is_told_that_somebody_else_is_publishing(root: Path) -> None:
    put(root, desk("Alice"))
    before = files(root)
    handle = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(PublishError) as told:
            put(root, desk("Bob"))
    finally:
        os.close(handle)
    assert str(told.value) == f"{root}: somebody else is publishing now; try again"
    assert files(root) == before
    put(root, desk("Bob"))


def test_the_lock_is_free_again_after_a_failed_publish(root: Path) -> None:
    ready = plan_of(root, [desk()])
    outcome(root, ready, "write", 1, errno.EIO)
    apply(ready, Site(publish_root=str(root)))
    assert files(root)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errno.EROFS, "the file system is read-only"),
        (errno.EACCES, "you may not write or read here; check owner and mode"),
        (errno.EDQUOT, "your disk quota is used up"),
    ],
)
def test_a_root_that_cannot_be_made_is_one_line_with_its_reason(
    root: Path, error: int, words: str
) -> None:
    with failing("mkdir", 1, error), pytest.raises(PublishError) as told:
        put(root, desk())
    assert str(told.value) == f"{root}: {words}; nothing was lost"


def test_a_symbolic_link_as_publish_root_is_refused(root: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    root.symlink_to(elsewhere)
    with pytest.raises(PublishError, match="symbolic link"):
        put(root, desk())
    assert files(elsewhere) == {}


def test_a_file_as_publish_root_is_refused(root: Path) -> None:
    root.write_text("mine")
    with pytest.raises(PublishError, match=r"directory"):
        put(root, desk())
    assert root.read_text() == "mine"


def test_a_directory_that_became_a_link_after_the_plan_is_refused(
    root: Path, tmp_path: Path
) -> None:
    put(root, tftp_phone("01", "Alice"))
    ready = plan_of(root, [tftp_phone("01", "Bob")])
    (root / "tftp").rename(tmp_path / "elsewhere")
    (root / "tftp").symlink_to(tmp_path / "elsewhere")
    before = files(tmp_path / "elsewhere")
    with pytest.raises(PublishError, match="symbolic link"):
        apply(ready, Site(publish_root=str(root)))
    assert files(tmp_path / "elsewhere") == before


def test_nothing_is_deleted_through_a_directory_that_became_a_link(
    root: Path, tmp_path: Path
) -> None:
    done = put(root, tftp_phone("01"))
    recorded = {change.path: 1 for change in done.changes}
    ready = plan_of(root, [], recorded)
    assert ready.count("delete")
    (root / "tftp").rename(tmp_path / "elsewhere")
    (root / "tftp").symlink_to(tmp_path / "elsewhere")
    before = files(tmp_path / "elsewhere")
    with pytest.raises(PublishError, match="symbolic link"):
        apply(ready, Site(publish_root=str(root)))
    assert files(tmp_path / "elsewhere") == before


def test_a_link_in_place_of_a_file_is_replaced_and_never_followed(
    root: Path, tmp_path: Path
) -> None:
    ready = plan_of(root, [tftp_phone("01")])
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (root / "tftp").mkdir(parents=True)
    (root / ready.changes[0].path).symlink_to(victim)
    apply(ready, Site(publish_root=str(root)))
    assert victim.read_text() == "mine"
    assert not (root / ready.changes[0].path).is_symlink()


def test_an_empty_directory_of_a_device_goes_with_its_last_file(root: Path) -> None:
    done = put(root, desk())
    apply(
        plan_of(root, [], {change.path: 1 for change in done.changes}),
        Site(publish_root=str(root)),
    )
    assert list((root / "http").iterdir()) == []


def test_an_empty_plan_touches_nothing_at_all(root: Path) -> None:
    apply(plan_of(root, []), Site(publish_root=str(root)))
    assert not root.exists()
