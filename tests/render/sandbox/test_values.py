"""Only plain data gets to a template; anything else is refused before a process is even started."""

from __future__ import annotations

import datetime
import decimal
import enum
import pickle
import types
import uuid
from collections import OrderedDict, UserDict, UserList, UserString, defaultdict, deque, namedtuple
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup
from sqlmodel import Field, SQLModel

from tuiprov.data.models import Device
from tuiprov.errors import RenderError, TemplateFault
from tuiprov.render.sandbox import Job, client, render_job, render_jobs

Pair = namedtuple("Pair", "a b")


class Row(SQLModel):
    """As a table's row, but without a table in the project's metadata."""

    id: int | None = Field(default=None, primary_key=True)
    name: str = "Desk"


class Word(str):
    __slots__ = ()


class Many(dict[str, Any]):
    pass


class Colour(enum.StrEnum):
    RED = "red"


class Number(enum.IntEnum):
    ONE = 1


FOREIGN: list[Any] = [
    Device(),
    Row(),
    Row,
    Path("/etc/passwd"),
    datetime.datetime(2024, 1, 1),
    datetime.date(2024, 1, 1),
    datetime.timedelta(1),
    decimal.Decimal(1),
    uuid.UUID(int=1),
    1.5,
    float("nan"),
    1j,
    b"bytes",
    bytearray(b"x"),
    (1, 2),
    Pair(1, 2),
    {1},
    frozenset(),
    range(3),
    iter([1]),
    (x for x in [1]),
    object(),
    len,
    "".join,
    lambda: 1,
    types.SimpleNamespace(a=1),
    types.MappingProxyType({}),
    OrderedDict(a=1),
    defaultdict(list),
    deque([1]),
    UserDict(),
    UserList(),
    UserString("a"),
    Word("a"),
    Many(),
    Markup("a"),
    Colour.RED,
    Number.ONE,
    ValueError("x"),
    NotImplemented,
    Ellipsis,
    pytest,
    {1: "a"},
    {None: 1},
    {("a",): 1},
    {Word("a"): 1},
    {Colour.RED: 1},
    10**200,
]
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture
def nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def sent(*_: object) -> None:
        pytest.fail("something was sent to a child")

    monkeypatch.setattr(client._children, "templates", sent)
    monkeypatch.setattr(client._children, "zygote", sent)


def render(values: Any) -> str:
    return render_job({"a.j2": "x"}, Job("a.j2", "equals", values))


@pytest.mark.usefixtures("nothing_is_sent")
@pytest.mark.parametrize("value", FOREIGN, ids=lambda value: type(value).__name__)
def test_a_foreign_object_is_refused(value: Any) -> None:
    for values in ({"a": value}, {"a": {"b": [1, {"c": value}]}}, {"a": [value]}):
        with pytest.raises(RenderError, match=r"^values\.a") as refused:
            render(values)
        assert str(refused.value).isprintable()


@pytest.mark.usefixtures("nothing_is_sent")
@settings(max_examples=1000)
@given(st.data())
def test_a_foreign_object_is_refused_wherever_it_hides(data: st.DataObject) -> None:
    foreign = data.draw(st.sampled_from(FOREIGN) | st.builds(Row) | st.datetimes() | st.floats())
    values: Any = foreign
    for plain in data.draw(st.lists(PLAIN, min_size=1, max_size=4)):
        values = data.draw(st.sampled_from([{"x": values, "plain": plain}, [plain, values]]))
    with pytest.raises(RenderError):
        render({"values": values})


@settings(max_examples=60)
@given(values=st.dictionaries(st.text(), PLAIN, max_size=4))
def test_plain_data_arrives_as_it_was(values: dict[str, Any]) -> None:
    source = "{{ 'same' if seen == kept else 'changed' }}"
    seen = render_job({"a.j2": source}, Job("a.j2", "equals", {"seen": values, "kept": values}))
    assert seen == "same"


@pytest.mark.parametrize("kind", [True, 1, "text", None, ["list"], {"a": "dict"}])
def test_each_kind_of_value_arrives_as_that_kind(kind: Any) -> None:
    tests = ("boolean", "integer", "string", "none", "mapping", "iterable")
    source = "".join(f"{{{{ '{name} ' if value is {name} else '' }}}}" for name in tests)
    seen = render_job({"a.j2": source}, Job("a.j2", "equals", {"value": kind}))
    expected = {
        bool: "boolean ",
        int: "integer ",
        str: "string iterable ",
        type(None): "none ",
        list: "iterable ",
        dict: "mapping iterable ",
    }
    assert seen == expected[type(kind)]


@pytest.mark.usefixtures("nothing_is_sent")
@pytest.mark.parametrize(
    "values", [Row(), None, [("a", 1)], "a", Path("."), {1: 2}, {Word("a"): 1}]
)
def test_values_that_are_no_dict_of_names_are_refused(values: Any) -> None:
    with pytest.raises(RenderError, match="values"):
        render(values)


@pytest.mark.usefixtures("nothing_is_sent")
def test_one_bad_phone_keeps_the_whole_batch_from_being_sent() -> None:
    jobs = [Job("a.j2", "equals", {"a": 1}), Job("a.j2", "equals", {"a": Row()})]
    with pytest.raises(RenderError, match=r"values\.a: templates get plain data only, not a Row"):
        render_jobs({"a.j2": "x"}, jobs)


@pytest.mark.usefixtures("nothing_is_sent")
def test_values_that_hold_themselves_are_refused() -> None:
    values: dict[str, Any] = {}
    values["values"] = values
    with pytest.raises(RenderError, match="too deeply"):
        render(values)


@pytest.mark.usefixtures("nothing_is_sent")
def test_a_reason_never_shows_a_value() -> None:
    with pytest.raises(RenderError) as refused:
        render({"phone": {"password": Word("s3cret")}})
    assert str(refused.value) == "values.phone.password: templates get plain data only, not a Word"


def test_a_row_in_the_values_cannot_run_a_command(tmp_path: Path) -> None:
    """Finding 1: a SQLModel object in Jinja2's sandbox ran a shell command by `parse_raw`."""

    class Payload:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "mark",)

    poison = pickle.dumps(Payload(), 0).decode("latin-1")
    attack = "{{ phone.parse_raw(poison, proto='pickle', allow_pickle=True) }}"
    with pytest.raises(RenderError, match=r"values\.phone: .* not a Row"):
        render_job({"a.j2": attack}, Job("a.j2", "equals", {"phone": Row(), "poison": poison}))
    plain = {"phone": Row().model_dump(), "poison": poison}
    with pytest.raises(TemplateFault, match=r"a\.j2, line 1: 'phone\.parse_raw' is not defined"):
        render_job({"a.j2": attack}, Job("a.j2", "equals", plain))
    assert not (tmp_path / "mark").exists()
