"""A PBX's file as blocks: what is put together comes apart again, and nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuiprov.pbx.blocks import find, join, split, split_any
from tuiprov.pbx.kinds import PbxFile

CONF = PbxFile("x.conf", "[head]\na=b\n\n", "[foot]\n", "; {}")
XML = PbxFile("x.xml", "<include>\n", "</include>\n", "<!-- {} -->")

numbers = st.from_regex(r"[0-9]{1,4}(\*[0-9]{1,4})?", fullmatch=True)
texts = st.lists(st.text("ab=[]<> ", max_size=8), min_size=1, max_size=4).map(
    lambda lines: "\n".join(lines) + "\n"
)
blocks = st.dictionaries(numbers, texts, max_size=5)


@pytest.mark.parametrize("file", [CONF, XML], ids=["conf", "xml"])
@given(blocks)
def test_what_was_joined_splits_into_the_same_blocks(file: PbxFile, some: dict[str, str]) -> None:
    text = join(file, some, "site")
    assert split(file, text, "site") == some
    assert all(find(file, text, number) == block for number, block in some.items())
    assert split_any(file, text) == some


@given(blocks, numbers, texts)
def test_replacing_one_block_leaves_every_other_byte(
    some: dict[str, str], number: str, text: str
) -> None:
    before = join(CONF, some, "site")
    after = join(CONF, {**(split(CONF, before, "site") or {}), number: text}, "site")
    parts = split(CONF, after, "site")
    assert parts == {**some, number: text}
    assert join(CONF, {**parts, number: some[number]}, "site") == before if number in some else True


def test_blocks_of_another_site_or_release_are_told_apart_all_the_same() -> None:
    text = join(CONF, {"1": "a\n", "2": "b\nc\n"}, "another").replace("[head]", "[other]")
    assert split(CONF, text, "site") is None
    assert split_any(CONF, text) == {"1": "a\n", "2": "b\nc\n"}
    assert split_any(CONF, "[mine]\n") == split_any(CONF, "") == {}


def test_extensions_stand_in_the_order_of_their_numbers() -> None:
    text = join(CONF, {"3": "c\n", "1": "a\n", "2": "b\n"}, "site")
    assert [line for line in text.splitlines() if line in ("a", "b", "c")] == ["a", "b", "c"]


def test_an_extension_with_nothing_to_say_has_no_block() -> None:
    assert "extension 1" not in join(CONF, {"1": ""}, "site")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("a=b", "a=c"),
        lambda text: text + "[mine]\n",
        lambda text: text.replace("[foot]", "[feet]"),
        lambda text: "",
        lambda text: text.replace("; extension 1", "; my extension 1"),
    ],
)
def test_a_file_changed_around_its_blocks_is_not_taken_apart(spoil: object) -> None:
    text = join(CONF, {"1": "x\n"}, "site")
    assert callable(spoil)
    assert split(CONF, spoil(text), "site") is None


def test_a_file_made_from_other_settings_is_not_taken_apart() -> None:
    assert split(CONF, join(CONF, {"1": "x\n"}, "one"), "other") is None


def test_an_extension_that_is_not_there_is_not_found() -> None:
    text = join(CONF, {"0027*001": "x\n"}, "site")
    assert find(CONF, text, "0027*00") is None
    assert find(CONF, text, "0027*0011") is None
