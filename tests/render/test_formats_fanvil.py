"""How Fanvil's files are read back."""

from __future__ import annotations

import pytest

from tuiprov.errors import RenderError
from tuiprov.render.formats import parse_fanvil, parse_xml


def fanvil(*lines: str) -> str:
    return "\n".join(("<<VOIP CONFIG FILE>>Version:2.0000000000", *lines, "<<END OF FILE>>", ""))


def test_keys_of_two_pages_do_not_collide() -> None:
    text = fanvil(
        "<DSSKEY CONFIG MODULE>",
        "--Dsskey Config1--:",
        "Fkey1 Type               :2",
        "--Dsskey Config2--:",
        "Fkey1 Type               :1",
    )
    assert parse_fanvil(text) == {
        "DSSKEY CONFIG MODULE/Dsskey Config1/Fkey1 Type": "2",
        "DSSKEY CONFIG MODULE/Dsskey Config2/Fkey1 Type": "1",
    }


def test_a_setting_twice_in_one_group_is_refused() -> None:
    with pytest.raises(RenderError, match="set twice"):
        parse_fanvil(
            fanvil("<SIP CONFIG MODULE>", "--SIP Line List--  :", "SIP1 A :1", "SIP1  A:2")
        )


def test_a_module_ends_the_group_before_it() -> None:
    text = fanvil("<A MODULE>", "--Group--:", "Name:1", "<SIP Hotspot MODULE>", "Name:2")
    assert parse_fanvil(text) == {"A MODULE/Group/Name": "1", "SIP Hotspot MODULE/Name": "2"}


def test_blanks_before_a_value_are_lost_and_colons_kept() -> None:
    assert parse_fanvil(fanvil("<A MODULE>", "Name :  http://x:80 ")) == {
        "A MODULE/Name": "http://x:80"
    }


@pytest.mark.parametrize("line", ["no colon", ":value", "<<END OF FILE>>"])
def test_a_line_that_is_no_setting_is_refused(line: str) -> None:
    with pytest.raises(RenderError, match="not a setting"):
        parse_fanvil(fanvil("<A MODULE>", line))


def test_list_entries_are_told_apart_by_their_id() -> None:
    entry = "<Entry><ID>SIP{0}</ID><Name>{0}</Name></Entry>"
    found = parse_xml(f"<Lines>{entry.format(1)}{entry.format(2)}</Lines>")
    assert found["Lines/Entry[SIP1]/Name"] == "1"
    assert found["Lines/Entry[SIP2]/Name"] == "2"
