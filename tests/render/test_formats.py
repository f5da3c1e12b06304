"""One escaping rule and one parser for each file format; a setting stands once."""

from __future__ import annotations

from collections.abc import Callable
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tuiprov.errors import RenderError
from tuiprov.render.formats import (
    FORMATS,
    SHAPES,
    parse_colon,
    parse_equals,
    parse_xml,
    plain,
)

PRINTABLE = st.text(
    st.characters(blacklist_categories=("Cc", "Cs", "Cn", "Co", "Zl", "Zp")), max_size=40
).filter(lambda text: not any(ord(char) in (0xFFFE, 0xFFFF) for char in text))


@given(PRINTABLE)
def test_an_escaped_value_is_the_same_text_for_an_xml_parser(value: str) -> None:
    escaped = FORMATS["xml"].escape(value)
    root = etree.fromstring(f'<a b="{escaped}">{escaped}</a>'.encode())
    assert (root.text or "") == value
    assert root.get("b") == value
    assert len(root) == 0


@given(PRINTABLE)
def test_an_escaped_value_stays_on_its_line_in_key_value_files(value: str) -> None:
    escaped = FORMATS["equals"].escape(value)
    assert parse_equals(f"a = {escaped}\nb = 1\n") == {"a": value.strip(" "), "b": "1"}


@given(PRINTABLE)
def test_a_quoted_value_loses_its_double_quotes_and_nothing_else(value: str) -> None:
    escaped = FORMATS["colon"].escape(value)
    assert parse_colon(f'a: "{escaped}"\nb: 1\n') == {"a": value.replace('"', "'"), "b": "1"}
    assert FORMATS["colon"].cannot_hold == '"'


def test_numbers_are_printed_and_truth_values_are_a_mistake() -> None:
    assert plain(7) == "7"
    with pytest.raises(RenderError, match="prints a bool"):
        plain(True)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a = 1\na = 2\n", "a is set twice"),
        ("a\n", "line 1 is not a setting"),
        ("= 1\n", "line 1 is not a setting"),
        ("a = 1\n\nb\n", "line 3 is not a setting"),
        ("a = \x07\n", "line 1 is not a setting"),
    ],
)
def test_a_bad_key_value_file_is_refused_with_the_line(text: str, problem: str) -> None:
    with pytest.raises(RenderError, match=problem):
        parse_equals(text)


@pytest.mark.parametrize("line", ['a: "x', 'a: "x" y', 'a: "', 'a: "x"y"'])
def test_an_open_quote_is_refused(line: str) -> None:
    with pytest.raises(RenderError, match="line 1 has an open quote"):
        parse_colon(line)


def test_comments_and_blank_lines_are_no_settings() -> None:
    assert parse_equals("# a = 1\n\n  b=2\n") == {"b": "2"}


def test_a_value_may_hold_the_separator() -> None:
    assert parse_equals("url = http://x/?a=b") == {"url": "http://x/?a=b"}
    assert parse_colon("url: http://x:80") == {"url": "http://x:80"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("<a><b>1</b>", "not well-formed XML"),
        ("<a>&nbsp;</a>", "not well-formed XML"),
        ('<a b="1" b="2"/>', "not well-formed XML"),
        ("<a><b>1</b><b>2</b></a>", "a/b is set twice"),
        ('<a><b idx="1">1</b><b idx="1">2</b></a>', "is set twice"),
        ("", "not well-formed XML"),
    ],
)
def test_bad_xml_is_refused(text: str, problem: str) -> None:
    with pytest.raises(RenderError, match=problem):
        parse_xml(text)


def test_indexed_elements_are_settings_of_their_own() -> None:
    assert parse_xml('<a><b idx="1">x</b><b idx="2">y</b></a>') == {"a/b[1]": "x", "a/b[2]": "y"}


def test_attributes_are_settings_too() -> None:
    assert parse_xml('<a reg.1="x"><b perm="R">1</b></a>')["a@reg.1"] == "x"


_NAME = st.sampled_from(["a", "b", "ID", "id", "name", "x-y"])
_WORD = st.text("ab1<>&\"'= \n/!?[]-", max_size=6)


def _tag(name: str, attributes: list[tuple[str, str]], inside: str) -> str:
    known = dict(attributes)
    words = "".join(f" {name}={quoteattr(value)}" for name, value in known.items())
    return f"<{name}{words}>{inside}</{name}>"


_ATTRIBUTES = st.lists(st.tuples(_NAME, _WORD), max_size=3)
_LEAF = st.builds(
    _tag, _NAME, _ATTRIBUTES, _WORD.map(lambda word: escape(word).replace("&gt;", ">"))
)
_TREE = st.recursive(
    _LEAF,
    lambda inner: st.builds(_tag, _NAME, _ATTRIBUTES, st.lists(inner, max_size=4).map("".join)),
)
_MARKS = st.sampled_from(
    ["<!-- > -->", "<![CDATA[<a>\"='>]]>", "<?b > ?>", "<a", "</a>", '"', "='>"]
)


_LINE = st.lists(
    st.sampled_from(["a", "b", "--A--", "<A MODULE>", "=", ":", '"', " ", "#", "\t", "1"]),
    max_size=8,
).map("".join)


def is_refused(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except RenderError:
        return True
    return False


@settings(max_examples=400)
@given(_TREE, st.none() | _MARKS, st.integers(0, 80))
def test_a_check_refuses_just_what_the_parser_of_xml_refuses(
    tree: str, mark: str | None, place: int
) -> None:
    text = tree if mark is None else tree[:place] + mark + tree[place:]

    assert is_refused(FORMATS["xml"].check, text) == is_refused(parse_xml, text)


@pytest.mark.parametrize(
    "text",
    [
        "<r><a>1</a><a>2</a></r>",
        '<r><a>=" > </a><a/><b c="="/></r>',
        '<r><a name="k" x="1"><c/></a><a name="k" x="2"><d/></a></r>',
        "<r><a x='=\"'><c/></a><a x='\"'><d/></a></r>",
        "<r><b><ID>1</ID></b><b><ID>1</ID></b></r>",
    ],
)
def test_a_check_finds_a_setting_that_stands_twice(text: str) -> None:
    with pytest.raises(RenderError, match="twice"):
        FORMATS["xml"].check(text)


@settings(max_examples=400)
@given(st.sampled_from(["equals", "colon", "fanvil"]), st.lists(_LINE, max_size=4), st.booleans())
def test_a_check_refuses_just_what_the_parser_of_lines_refuses(
    name: str, lines: list[str], has_frame: bool
) -> None:
    frame = ["<<VOIP CONFIG FILE>>Version:1", *lines, "<<END OF FILE>>"]
    text = "\n".join(frame if has_frame else lines)
    form = FORMATS[name]
    assert is_refused(form.check, text) == is_refused(form.parse, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("xml", '<?xml version="1.0"?>\n<r v="{0}"><a id="1">{0} &amp; x</a><b/></r>\n'),
        ("equals", "# {0}\na = {0}\nb =\n"),
        ("colon", 'a: "{0}: x"\nb: {0}\n'),
        ("fanvil", "<<VOIP CONFIG FILE>>Version:2\n<A MODULE>\nb :{0}\n<<END OF FILE>>\n"),
    ],
)
def test_files_of_one_shape_are_read_once(name: str, text: str) -> None:
    (shape,) = {SHAPES[name](text.format(number)) for number in range(1, 20)}
    assert shape
