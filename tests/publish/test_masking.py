"""No secret is in a diff: not the new one, not the old one, not one that nobody knows any more."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.phones import kind, phone
from tests.publish.helpers import plan_of, put
from tests.render.cases import representatives
from tuiprov.data.catalog import PasswordRule, PhoneType
from tuiprov.data.page import Phone
from tuiprov.publish.masking import Masking
from tuiprov.publish.plan import Change
from tuiprov.render.engine import render

_TYPES = {f"{t.manufacturer}/{t.model}-{t.firmware}": t for t in representatives()}
MAC = "00:04:13:AA:BB:CC"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "publish"


def secret(rule: PasswordRule, seed: str) -> str:
    """A password the phone takes that stands nowhere else in its file."""
    dice = random.Random(seed)
    letters = sorted(rule.characters & set("abcdefghjkmnpqrstuvwxyz0123456789"))
    length = min(rule.high, 9 if len(letters) == 10 else 24)
    return "".join(dice.choice(letters[1:]) for _ in range(max(length, rule.low)))


def with_secrets(phone_type: PhoneType, seed: str, **values: object) -> tuple[Phone, list[str]]:
    """The phone with two lines if it has them, each secret made from `seed`; and these secrets."""
    login = phone_type.facts.admin_login
    admin = secret(login.password, f"admin {seed}") if login else ""
    given = {"admin_password": admin} if login else {}
    one = phone(
        phone_type.manufacturer,
        phone_type.model,
        phone_type.firmware,
        lines=min(2, phone_type.lines),
        mac=MAC,
        **{**given, **values},
    )
    rule = phone_type.facts.sip_password
    passwords = [secret(rule, f"line {line.number} {seed}") for line in one.lines]
    lines = tuple(
        replace(line, extension={**line.extension, "sip_password": password})
        for line, password in zip(one.lines, passwords, strict=True)
    )
    return replace(one, lines=lines), [*passwords, *([admin] if login else [])]


def shown(changes: tuple[Change, ...]) -> str:
    """All that a plan shows of its changes."""
    return "\n".join(
        "\n".join((*change.diff(), change.shown_before, change.shown_after)) for change in changes
    )


@pytest.mark.parametrize("name", _TYPES)
def test_the_secrets_are_in_the_file_and_not_in_what_is_shown_of_it(root: Path, name: str) -> None:
    one, secrets = with_secrets(_TYPES[name], "new")
    changes = plan_of(root, [one]).changes
    written = "".join(change.data.decode("latin-1") for change in changes)
    assert all(word in written for word in secrets)
    assert not any(word in shown(changes) for word in secrets)


@pytest.mark.parametrize("name", _TYPES)
def test_a_changed_secret_is_shown_as_a_masked_change(root: Path, name: str) -> None:
    before, old = with_secrets(_TYPES[name], "old")
    after, new = with_secrets(_TYPES[name], "new")
    put(root, before)
    changes = plan_of(root, [after]).changes
    assert not any(word in shown(changes) for word in (*old, *new))
    diff = [line for change in changes for line in change.diff(context=0)]
    assert [line for line in diff if line.startswith("-") and "********" in line]
    assert [line for line in diff if line.startswith("+") and "********" in line]


@pytest.mark.parametrize("name", _TYPES)
def test_an_unchanged_secret_is_no_change(root: Path, name: str) -> None:
    before, _ = with_secrets(_TYPES[name], "same")
    line = before.lines[0]
    renamed = replace(line, extension={**line.extension, "extension_name": "Zaphod"})
    put(root, before)
    changes = plan_of(root, [replace(before, lines=(renamed, *before.lines[1:]))]).changes
    diff = [line for change in changes for line in change.diff(context=0)]
    assert diff
    assert not [line for line in diff if "********" in line]


@pytest.mark.parametrize("name", _TYPES)
def test_an_account_that_is_gone_shows_no_old_secret(root: Path, name: str) -> None:
    before, old = with_secrets(_TYPES[name], "old")
    after, _ = with_secrets(_TYPES[name], "new")
    put(root, before)
    changes = plan_of(root, [replace(after, lines=after.lines[:1])]).changes
    assert not any(word in shown(changes) for word in old)


@pytest.mark.parametrize("name", _TYPES)
def test_a_login_with_another_name_shows_no_old_password(root: Path, name: str) -> None:
    login = _TYPES[name].facts.admin_login
    if login is None or login.username:
        pytest.skip("no login name to choose")
    before, old = with_secrets(_TYPES[name], "old", admin_username="oldroot")
    after, _ = with_secrets(_TYPES[name], "new", admin_username="boss")
    put(root, before)
    assert not any(word in shown(plan_of(root, [after]).changes) for word in old)


def colliding() -> Iterator[tuple[str, str]]:
    """Pairs of kinds of phones that ask for a file of the same name: a device may change from one
    to the other, and its old file was made by another template. One of each family is enough."""
    names = {
        name: {file.path for file in render(with_secrets(one, "old", update_protocol="http")[0])}
        for name, one in _TYPES.items()
        if "http" in one.facts.update_protocols
    }
    for one in names:
        found = {
            (_TYPES[other].templates, len(names[one] & names[other])): other
            for other in names
            if one != other and names[one] & names[other]
        }
        yield from ((one, other) for other in found.values())


@pytest.mark.parametrize(("one", "other"), list(colliding()))
def test_another_kind_of_phone_under_the_same_name_shows_no_old_secret(
    root: Path, one: str, other: str
) -> None:
    before, old = with_secrets(_TYPES[one], "old", update_protocol="http")
    after, new = with_secrets(_TYPES[other], "new", update_protocol="http")
    put(root, before)
    changes = plan_of(root, [after]).changes
    assert changes
    assert not any(word in shown(changes) for word in (*old, *new))


def test_kinds_of_phones_do_collide() -> None:
    families = {(_TYPES[one].templates, _TYPES[other].templates) for one, other in colliding()}
    assert ("yealink", "fanvil") in families
    assert ("yealink", "yealink") in families


def test_a_file_somebody_wrote_by_hand_shows_nothing_that_is_not_known_to_be_harmless(
    root: Path,
) -> None:
    one, _ = with_secrets(kind("Fanvil", "X4U", "2.12"), "new")
    (file,) = render(one)
    (root / file.path).parent.mkdir(parents=True)
    (root / file.path).write_text("the password is h7Kw2mQx\nSIP1 Register Pswd :h7Kw2mQx\n")
    assert "h7Kw2mQx" not in shown(plan_of(root, [one]).changes)


def test_bytes_of_no_character_set_are_shown_without_failing(root: Path) -> None:
    one, _ = with_secrets(kind("Fanvil", "X4U", "2.12"), "new")
    (file,) = render(one)
    (root / file.path).parent.mkdir(parents=True)
    (root / file.path).write_bytes(b"\xff\xfe\x00\n" * 3)
    assert plan_of(root, [one]).count("replace") == 1


def test_a_deletion_shows_no_line_of_the_file(root: Path) -> None:
    one, old = with_secrets(kind("Fanvil", "X4U", "2.12"), "old")
    recorded = {change.path: 1 for change in put(root, one).changes}
    ready = plan_of(root, [], recorded)
    assert ready.count("delete") == 1
    assert shown(ready.changes).strip() == ""
    assert not any(word in repr(ready) for word in old)


def test_an_old_line_without_a_secret_is_shown_as_it_was(root: Path) -> None:
    one, _ = with_secrets(kind("Fanvil", "X4U", "2.12"), "new")
    (file,) = render(one)
    old = file.data.replace(b":pbx.example.com", b":old.example.com")
    assert ":old.example.com" in Masking(one).before(file, old)


def test_nothing_published_is_nothing_before() -> None:
    one, _ = with_secrets(kind("Fanvil", "X4U", "2.12"), "new")
    (file,) = render(one)
    assert Masking(one).before(file, None) == ""
