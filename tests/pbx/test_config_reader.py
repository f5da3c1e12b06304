"""Asterisk's configuration is read as Asterisk reads it; what it would drop is refused by line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pbx import asterisk_rules
from tests.pbx.asterisk_server import Asterisk
from tuiprov.pbx import config_reader
from tuiprov.pbx.config_pieces import pieces, text_of, without
from tuiprov.pbx.config_reader import MOST_BYTES, Config, PbxConfigError, read_config

Pairs = list[tuple[str, str]]


def read(directory: Path, text: str | bytes, **others: str) -> Config:
    """`pjsip.conf` with this text; `others` are files beside it: `more="…"` is more.conf."""
    for name, other in others.items():
        (directory / f"{name}.conf").write_text(other)
    path = directory / "pjsip.conf"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_config(path)


def options(config: Config, name: str = "a", number: int = 0) -> Pairs:
    return [(one.name, one.value) for one in config.named(name)[number].options]


# -- as Asterisk reads it -------------------------------------------------------------------------

READ: list[tuple[str, Pairs]] = [
    ("[a]\nb=1\n", [("b", "1")]),
    ("[a]\n\tb = 1 \n", [("b", "1")]),
    ("[a]\r\nb=1\r\n", [("b", "1")]),
    ("\ufeff[a]\nb=1\n", [("b", "1")]),
    ("[a]\nb=>1\n", [("b", "1")]),
    ("[a]\nb=>>1\n", [("b", ">1")]),
    ("[a]\nb=1=2\n", [("b", "1=2")]),
    ("[a]\nb=\n", [("b", "")]),
    ("[a]\nb=1;2\n", [("b", "1")]),
    ("[a]\nb=1\\;2\n", [("b", "1;2")]),
    ("[a]\nb=1\\;2;3\n", [("b", "1;2")]),
    ("[a] ; words\nb=1\n", [("b", "1")]),
    ("[a]\n;b=1\nc=2\n", [("c", "2")]),
    ("[a]\nb=1\nb=2\n", [("b", "1"), ("b", "2")]),
    ("[a]\n;-- gone\nb=1\n--;\nc=2\n", [("c", "2")]),
    ("[a]\nb=1 ;-- gone --; 2\n", [("b", "1  2")]),
    ("[a]\n;-- one ;-- two --; b=1\n--; c=2\n", [("c", "2")]),
    ("[a]\n;--- no block\nb=1\n", [("b", "1")]),
    ("[t](!)\nb=1\n[a](t)\nc=2\n", [("b", "1"), ("c", "2")]),
    ("[t](!)\nb=1\n[u](!,t)\nc=2\n[a](u)\n", [("b", "1"), ("c", "2")]),
    ("[t](!)\nb=1\n[u](!)\nc=2\n[a](t,u)\nb=3\n", [("b", "1"), ("c", "2"), ("b", "3")]),
    ("[t](!)\nb=1\n[a](T)\n", [("b", "1")]),
    ("[x]\nb=1\n[a](x)\nc=2\n", [("b", "1"), ("c", "2")]),
    ("[a]\nb=1\n[z]\n[a](+)\nc=2\n", [("b", "1"), ("c", "2")]),
    ("[a]\ntype=aor\n[a]\ntype=auth\n[a](+type=auth)\nc=2\n", [("type", "aor")]),
    ("[t](!)\nb=1\n[a](t)\nb+=,2\n", [("b", "1,2")]),
    ("[a]\nb+=2\n", [("b", "2")]),
    ("[t](!)\nb=1\n[a](t)\n[t](+TEMPLATES=include)\nc=2\n", [("b", "1")]),
]


@pytest.mark.parametrize(("text", "expected"), READ)
def test_options_are_as_asterisk_reads_them(tmp_path: Path, text: str, expected: Pairs) -> None:
    assert options(read(tmp_path, text)) == expected


def test_an_addition_with_a_condition_goes_to_the_section_that_meets_it(tmp_path: Path) -> None:
    config = read(tmp_path, "[a]\ntype=aor\n[a]\ntype=auth\n[a](+type=auth)\nc=2\n")
    assert options(config, number=1) == [("type", "auth"), ("c", "2")]


def test_templates_are_known_as_such(tmp_path: Path) -> None:
    config = read(tmp_path, "[t](!)\nb=1\n[a](t)\nb=2\n")
    assert [one.is_template for one in config.sections] == [True, False]
    assert config.named("t") == []
    assert config.named("a")[0].last("b") == "2"


def test_asterisk_itself_reads_these_aors_alike(tmp_path: Path, asterisk: Asterisk) -> None:
    text = (
        "[t](!) ; a template\ntype=aor\nmax_contacts=3\n;-- not\nmax_contacts=4\n--;\n"
        "[a](t)\nmailboxes=1@x\nmailboxes+=,2@x\n"
        "[b](T)\nmax_contacts => 5 ; five\noutbound_proxy=sip:p\\;lr\n"
        "[b](+type=aor)\nremove_existing=yes\n"
    )
    asterisk.load({"pjsip.conf": text})
    config = read(tmp_path, text)
    for name in "ab":
        shown = asterisk.show("aor", name)
        for option in ("max_contacts", "mailboxes", "outbound_proxy"):
            assert shown[option] == config.named(name)[0].last(option), (name, option)
    assert asterisk.show("aor", "b")["remove_existing"] == "true"


# -- includes -------------------------------------------------------------------------------------


def test_asterisk_finds_sections_whatever_their_case_and_by_part_of_a_value(
    tmp_path: Path, asterisk: Asterisk
) -> None:
    text = "[T](!)\ntype=aor\n[a](t)\nmax_contacts=13\n[A](+max_contacts=1)\nremove_existing=yes\n"
    asterisk.load({"pjsip.conf": text})
    assert asterisk.warnings() == []
    assert asterisk.show("aor", "a")["remove_existing"] == "true"
    assert read(tmp_path, text).named("a")[0].last("remove_existing") == "yes"


def test_an_included_file_goes_on_in_the_section_before_it(tmp_path: Path) -> None:
    config = read(tmp_path, "[a]\nb=1\n#include more.conf\nd=4\n", more="c=2\n[x]\ny=3\n")
    assert options(config) == [("b", "1"), ("c", "2"), ("d", "4")]
    assert options(config, "x") == [("y", "3")]
    assert "goes on in more.conf, line 1" in config.named("a")[0].reasons[0]


@pytest.mark.parametrize(
    "quoted", ['"more.conf"', "<more.conf>", "more.conf ; words", "m*.conf", "*.conf"]
)
def test_names_of_includes_are_read_as_asterisk_reads_them(tmp_path: Path, quoted: str) -> None:
    main = tmp_path / "main"  # of another name, for it would include itself
    main.write_text(f"#include {quoted}\n")
    (tmp_path / "more.conf").write_text("[a]\nb=1\n")
    assert options(read_config(main)) == [("b", "1")]


def test_a_missing_file_matters_only_where_asterisk_needs_it(tmp_path: Path) -> None:
    assert options(read(tmp_path, "#tryinclude no.conf\n[a]\nb=1\n")) == [("b", "1")]
    with pytest.raises(PbxConfigError, match=r"pjsip.conf, line 1: no.conf does not exist"):
        read(tmp_path, "#include no.conf\n[a]\n")


def test_what_lies_outside_is_not_read_and_said(tmp_path: Path) -> None:
    (tmp_path / "outside.conf").write_text("[secret]\nb=1\n")
    inside = tmp_path / "etc"
    inside.mkdir()
    (inside / "link.conf").symlink_to(tmp_path / "outside.conf")
    text = "".join(
        f"#include {name}\n"
        for name in ("../outside.conf", f"{tmp_path}/outside.conf", "link.conf", "/*/*/*/*/*.conf")
    )
    config = read(inside, text)
    assert config.sections == []
    assert [place.line for place, _ in config.skipped] == [1, 2, 3, 4]
    assert all("is outside of" in words for _, words in config.skipped)
    wider = read_config(inside / "pjsip.conf", tmp_path)
    assert {one.name for one in wider.sections} == {"secret"}


def test_programs_are_not_run_and_said(tmp_path: Path) -> None:
    config = read(tmp_path, f"#exec touch {tmp_path}/ran\n[a]\nb=1\n")
    assert [words for _, words in config.skipped] == ["#exec is not run"]
    assert not (tmp_path / "ran").exists()


# -- what is refused ------------------------------------------------------------------------------

REFUSED: list[tuple[str | bytes, str]] = [
    ("[a\n", r"line 1: \[ without \]"),
    ("[a](t\n", r"line 1: \( without \)"),
    ("[a](t)\n", r"line 1: there is no section \[t\] before it to inherit from"),
    ("[a](!\n", r"line 1: \( without \)"),
    ("[b]\n[a](+)\n", r"line 2: there is no section \[a\] before it to add to"),
    ("b=1\n", r"line 1: stands before the first section"),
    ("[a]\nwords\n", r"line 2: is neither a section nor an option"),
    ("[a]\n=1\n", r"line 2: has no option's name"),
    ("[a]\n;-- never\nb=1\n", r"line 2: the comment is never closed"),
    ("[a]\nb=--;1\n", r"line 2: ends a comment \(--;\) that never began"),
    ("#include pjsip.conf\n", r"line 1: pjsip.conf includes itself"),
    ("#nonsense x\n", r"line 1: begins with # and is neither"),
    ("#include\n", r"line 1: begins with # and is neither"),
    (b"[a]\nb=\xff\n", r"line 2: is not UTF-8"),
    (b"[a]\n\x7fELF\x00\x00", r"line 2: is not a text file"),
    ("[a]\nb=" + "x" * 8200 + "\n", r"line 2: is too long"),
    ("[a](+b=*)\n[a]\n", r"line 1: there is no section"),
    ("[a]\nb=1\n[a](+b=*)\n", r"line 3: the condition b=\* is not understood"),
    ("[a]\nb=1\n[a](+b=(1+)+2)\n", r"line 3: \( without \)|line 3: the condition"),
]


@pytest.mark.parametrize(("text", "problem"), REFUSED)
def test_what_asterisk_would_drop_is_one_line_with_file_and_line(
    tmp_path: Path, text: str | bytes, problem: str
) -> None:
    with pytest.raises(PbxConfigError, match=problem) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith("pjsip.conf, line ")
    assert "\n" not in str(caught.value)


def test_files_that_include_each_other_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PbxConfigError, match=r"more.conf, line 1: pjsip.conf includes itself"):
        read(tmp_path, "#include more.conf\n", more="#include pjsip.conf\n")


def test_includes_that_are_too_deep_are_refused(tmp_path: Path) -> None:
    chain = {f"f{n}": f"#include f{n + 1}.conf\n" for n in range(12)}
    with pytest.raises(PbxConfigError, match="more than 10 files deep"):
        read(tmp_path, "#include f0.conf\n", **chain, f12="[a]\n")


def test_more_files_than_anybody_has_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config_reader, "MOST_FILES", 5)
    with pytest.raises(PbxConfigError, match="more than 5 files are not read"):
        read(tmp_path, "#include f*.conf\n", **{f"f{n}": f"[a{n}]\n" for n in range(9)})


def test_fifty_megabytes_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "pjsip.conf"
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    assert path.stat().st_size > MOST_BYTES
    with pytest.raises(PbxConfigError, match="more than 32 MiB are not read"):
        read_config(path)


@pytest.mark.parametrize("name", ["no.conf", "."])
def test_what_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PbxConfigError, match=r"cannot be read|is not a plain file"):
        read_config(tmp_path / name)


# -- taking sections out --------------------------------------------------------------------------

WHOLE = """\
; first
[a]
b=1
; in a

c=2
; between
[x] ; another
y=1
[a](+)
d=3
#include more.conf
e=4
; last
"""


def test_a_section_is_its_lines_from_each_header_to_its_last_option(tmp_path: Path) -> None:
    config = read(tmp_path, WHOLE, more="[z]\nq=1\n")
    of_a = pieces(config)[id(config.named("a")[0])]
    assert text_of(config, of_a) == "[a]\nb=1\n; in a\n\nc=2\n[a](+)\nd=3\ne=4\n"
    path = (tmp_path / "pjsip.conf").resolve()
    left = "; first\n; between\n[x] ; another\ny=1\n#include more.conf\n; last\n"
    assert without(config, path, of_a) == left


def test_a_comment_that_goes_on_after_a_section_goes_with_it(tmp_path: Path) -> None:
    config = read(tmp_path, "[a]\nb=1 ;-- more\n--;\n[x]\ny=1\n")
    of_a = pieces(config)[id(config.named("a")[0])]
    assert text_of(config, of_a) == "[a]\nb=1 ;-- more\n--;\n"


def test_sections_that_share_a_line_by_a_comment_are_tangled(tmp_path: Path) -> None:
    config = read(tmp_path, "[a]\nb=1 ;-- more\n--; [x]\ny=1\n")
    pieces(config)
    assert "a comment in it ends in" in config.named("a")[0].reasons[0]
    assert "begins in a comment" in config.named("x")[0].reasons[0]


LINES = st.sampled_from(
    ["[a]", "[b]", "[t](!)", "[a](+)", "[b](t)", "k=1", "k = 2 ; x", "l=\\;", ";", ";--", "--;", ""]
)


@given(st.lists(LINES, max_size=14), st.sampled_from(["a", "b"]))
def test_what_is_taken_out_and_what_is_left_are_all_lines_in_their_order(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], name: str
) -> None:
    directory = tmp_path_factory.getbasetemp()
    try:
        config = read(directory, "\n".join([*lines, ""]))
    except PbxConfigError:
        return
    path = (directory / "pjsip.conf").resolve()
    made = pieces(config)
    taken = [piece for one in config.named(name) for piece in made.get(id(one), ())]
    left = without(config, path, taken).split("\n")
    out = text_of(config, sorted(taken, key=lambda piece: piece.first)).split("\n")
    assert sorted(left[:-1] + out[:-1]) == sorted(lines or [""])


# -- another parser -------------------------------------------------------------------------------

TEXTS = st.lists(
    st.one_of(
        LINES,
        st.sampled_from(["[t](!,a)", "[b](a,t)", "k+=3", "k=>>v", "k=a\\;b;c"]),
        st.sampled_from(["k=a;--b", "k=a;--b--;c", "--;k=1", ";---", "k=a--;b", "\tk =\t1 "]),
    ),
    max_size=16,
).map(lambda lines: "\n".join([*lines, ""]))


@given(TEXTS)
def test_the_judge_reads_the_same_sections(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    try:
        config = read(tmp_path_factory.getbasetemp(), text)
    except PbxConfigError:
        return
    ours = [
        (one.name, [(option.name, option.value) for option in one.options])
        for one in config.sections
        if not one.is_template
    ]
    judged = asterisk_rules.read(text)
    assert ours == [
        (one.name, [(option.name, option.value) for option in one.options]) for one in judged
    ]
