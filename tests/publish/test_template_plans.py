"""Plans of phones with an account's template: a bad one fails its own phones and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.publish.helpers import files, plan_of, put
from tests.render.test_customised import with_template, yealink
from tuiprov.data.page import Phone
from tuiprov.errors import RenderError
from tuiprov.publish import plan as planning
from tuiprov.publish.masking import Masking
from tuiprov.render.engine import RenderedFile, render

LOOP = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
HUGE = "{% for i in range(99999) %}{{ 'x' * 99 }}{% endfor %}"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "publish"


def several(text: str, *numbers: int, name: str = "Acme") -> list[Phone]:
    """Phones that share one template with this text."""
    custom = with_template(yealink(), name=name, text=text).custom
    return [replace(yealink(number), custom=custom) for number in numbers]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{ nosuch }}", "yealink/phone.cfg.j2, line 1: 'nosuch' is not defined"),
        ("{% if", "line 1"),
        (LOOP, "ran longer than 1.5 s"),
        (HUGE, "made a file of more than 1 MiB"),
        ("a = 1\nno setting\n", "line 2 is not a setting"),
        ("a = 1\na = 2\n", "a is set twice"),
        ("name = ä\N{SNOWMAN}\x0bx\n", "which no template may hold"),
    ],
    ids=["unknown", "broken", "looping", "huge", "malformed", "twice", "control"],
)
def test_a_bad_template_fails_its_own_phones_and_leaves_their_files(
    root: Path, text: str, told: str
) -> None:
    put(root, *several("a = {{ phone.mac }}\n", 1), yealink(2, friendly_name="Before"))
    before = files(root)
    ready = plan_of(root, [*several(text, 1), yealink(2, friendly_name="After")], {})
    assert list(ready.failed) == [1]
    assert "template Acme" in ready.failed[1]
    assert told in ready.failed[1]
    assert "\n" not in ready.failed[1]
    assert [change.device_id for change in ready.changes if change.device_id == 1] == []
    assert files(root) == before


def test_the_files_of_a_phone_that_fails_are_not_deleted(root: Path) -> None:
    put(root, *several("a = {{ phone.mac }}\n", 1))
    (path,) = files(root)
    assert plan_of(root, several("{{ nosuch }}", 1), {path: 1}).changes == ()


def test_a_template_that_fails_for_many_is_not_tried_for_all(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "_AT_ONCE", 3)
    ready = plan_of(
        root, [*several("{{ nosuch }}", *range(1, 8)), *several("a = 1\n", 9, name="B")]
    )
    assert sorted(ready.failed) == list(range(1, 8))
    assert ready.failed[7].endswith("(not tried for this phone)")
    assert "not tried" not in ready.failed[3]


def test_a_template_that_fails_for_some_is_tried_for_the_others(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "_AT_ONCE", 3)
    text = "{% if phone.mac[-1] == '2' %}{{ nosuch }}{% endif %}a = 1\n"
    ready = plan_of(root, several(text, *range(1, 8)))
    assert list(ready.failed) == [2]
    assert len(ready.changes) == 6


def test_secrets_are_masked_in_what_a_plan_shows_of_a_template(root: Path) -> None:
    text = "a = {{ lines[0].password }}\nb = {{ lines[0].password | reverse }}\n"
    put(root, *several("a = {{ lines[0].password }}\nb = 1\n", 1))
    (change,) = plan_of(root, several(text, 1)).changes
    assert b"v7Qm2RkT9xW1" in change.data
    for shown in (change.shown_before, change.shown_after, "\n".join(change.diff())):
        assert "v7Qm2RkT9xW1" not in shown
        assert "1Wx9TkR2mQ7v" not in shown
    assert change.shown_after == "a = ********\nb = ********\n"


def test_an_old_secret_of_a_template_is_masked_even_where_lines_come_and_go(root: Path) -> None:
    """The template makes one more line of some passwords than of others."""
    text = "{% if '1' in lines[0].password %}x = 1\n{% endif %}a = {{ lines[0].password }}\n"
    (one,) = several(text, 1)
    line = one.lines[0]
    old = replace(line, extension={**line.extension, "sip_password": "0ldSecret"})
    put(root, replace(one, lines=(old,)))
    (change,) = plan_of(root, [one]).changes
    assert "0ldSecret" not in change.shown_before + "".join(change.diff())


def test_a_template_that_fails_for_masked_secrets_alone_is_published_unseen(root: Path) -> None:
    text = "{% if '*' in lines[0].password %}{{ nosuch }}{% endif %}a = {{ phone.mac }}\n"
    (change,) = plan_of(root, several(text, 1)).changes
    assert change.data == b"a = 805ec0000001\n"
    assert "not shown" in change.shown_after


def test_a_plan_shows_what_changes_of_so_many_phones_only(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "_MOST_SHOWN", 2)
    shown = [one.shown_after for one in plan_of(root, several("a = 1\n", 1, 2, 3)).changes]
    assert shown[:2] == ["a = 1\n", "a = 1\n"]
    assert "more than 2 phones" in shown[2]


def test_a_second_plan_is_empty(root: Path) -> None:
    put(root, *several("a = {{ phone.mac }}\n", 1, 2))
    assert plan_of(root, several("a = {{ phone.mac }}\n", 1, 2)).changes == ()


def test_masking_of_one_phone_raises_what_its_template_does() -> None:
    (one,) = several("{{ nosuch }}", 1)
    file = RenderedFile("x", "x", "", "equals", "utf-8", False)
    with pytest.raises(RenderError, match="nosuch"):
        Masking(one).after(file)


def test_a_phone_without_lines_asks_nothing_of_its_template(root: Path) -> None:
    (one,) = several("{{ nosuch }}", 1)
    assert plan_of(root, [replace(one, lines=())]).failed == {}
    with pytest.raises(RenderError):
        render(one)
