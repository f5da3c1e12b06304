"""Our parser of Asterisk's files reads what Asterisk reads: by examples, and in any file."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.pbx.asterisk_reading import SILENT, read
from tests.pbx.asterisk_server import Asterisk

Read = list[tuple[str, list[str]]]

INCLUDE = {
    "one.conf": "x=y\n[z]\nq=r\n",
    "bad.conf": "p=q\n[q\n",
    "tpl.conf": "[u](t)\ny=2\n",
    "d/b.conf": "b=1\n",
    "d/a.conf": "a=1\n",
    "wants.conf": "x=y\n#include nowhere.conf\nz=1\n",
    "d/e/c.conf": "c=1\n",
    "deep.conf": "#include one.conf\nafter=1\n",
}

FILES = {
    "a comment ends a value": "[a]\nb=c;d\ne=f ; g\nh=;i\n",
    "an escaped semicolon is one": "[a]\nb=c\\;d\ne=\\\\;f\ng=\\;\\;\n",
    "an escaped one after a comment is in the comment": "[a]\nb=c;d\\;e\n",
    "a block comment within a line": "[a]\nb=c ;-- x --; d\ne=f\n",
    "a block comment over lines": "[a]\nb=c ;-- x\nd=e\nf=g --; h=i\nj=k\n",
    "block comments nest": "[a]\n;-- b ;-- c --; d=e\n--;\nf=g\n",
    "more than two dashes are a comment": "[a]\n;--- x\nb=c\n;-----; y\nd=e\n",
    "the end of a block comment without its start": "[a]\nb=c--;d\ne=f\n;-- x\ng=h\n",
    "a start right after an end is a start": "[a]\nb=1;-- q --;--;r\nc=1\n",
    "escaped marks of a block comment": "[a]\nb=c \\;-- d --\\; e\nf=g\n",
    "a block comment is never closed": "[a]\n;-- x\nb=c\n",
    "arrows and equal signs": "[a]\nb => c\nd=>>e\nf=>=g\nh= > i\nj==k\nl = = m\n",
    "blanks at the ends": "[a]\n  b  =  c d  \t\n\te\t=>\tf\n\x01g=\x02h\x03\ni=j\x0bk\n",
    "blanks that are none to Asterisk": "[a]\nb=\xa0c\xa0\nd=\u2003e\n",
    "quotes stay": '[a]\nb="c"\nd=" e "\nf=\' g \'\n',
    "backslashes stay": "[a]\nb=\\n\nc=\\\\\nd=e\\\nf=g\n",
    "an option without a value or a name": "[a]\nb=\nc=>\n=d\n=>e\nf\ng=h\n",
    "line ends of DOS and a byte order mark": "\ufeff[a]\r\nb=c\r\n\r\nd=>e \r\n",
    "a carriage return within": "[a]\nb=c\rd=e\n",
    "two byte order marks": "\ufeff\ufeff[a]\nb=c\n",
    "a NUL ends a line": "[a]\nb=c\0d\ne=f\n",
    "no line end at the end": "[a]\nb=c\nd=e",
    "nothing": "",
    "the longest line": f"[a]\nb={'x' * 8188}\nc=d\n",
    "a line that is too long": f"[a]\nb={'x' * 8189}\nc=d\n",
    "a line of too many bytes": f"[a]\nb={'é' * 4095}\nc=d\n",
    "a comment counts for the length": f"[a]\nb=c;{'x' * 8190}\nd=e\n",
    "something after a section's name": "[a]b=c\nd=e\n[f]g]\nh=i\n  [j]\nk=l\n",
    "blanks in a section's name": "[ a ]\nb=c\n[]\nd=e\n",
    "a name that is too long": f"[{'n' * 100}]\nb=c\n",
    "a semicolon in a section's name": "[a;b]\nc=d\n",
    "an escaped one": "[a\\;b]\nc=d\n",
    "a section is not closed": "[a\nb=c\n",
    "an option before any section": "b=c\n[a]\nd=e\n",
    "an escaped bracket begins an option": "[a]\n\\[b]=c\n]d=e\n(f=g\n\\#h=i\n\\j=k\n\\\\l=m\n",
    "nothing is escaped": "[a]\nb=c\n\\\n",
    "a blank is escaped": "[a]\nb=c\n\\ d=e\n",
    "an equal sign is escaped": "[a]\nb=c\n\\=e\n\\+=f\n\\;=g\n",
    "a letter outside of ASCII is escaped": "[a]\nb=c\n\\é=f\n",
    "templates": "[a](!)\nb=c\n[d](!,a)\ne=f\n[g](d)\nb=z\n[h](a,d)\n[i](a),x\n",
    "a template after a blank is none": "[a] (!)\nb=c\n[d](a)\n",
    "any section is a template": "[a]\nb=c\n[d](a)\ne=f\n",
    "a template that is not there": "[d](a)\ne=f\n[a](!)\nb=c\n",
    "a template's name with a blank": "[a](!)\nb=c\n[d](a, a)\n",
    "brackets are not closed": "[a](!\nb=c\n",
    "adding to a section": "[a]\nb=c\n[d]\ne=f\n[a](+)\ng=h\n",
    "adding what a template has": "[t](!)\nx=y\n[a]\nb=c\n[a](+,t)\nd=e\n",
    "adding makes a template of it": "[a]\nb=c\n[d](a)\n[a](!,+)\ne=f\n",
    "adding to the one that has an option": "[a]\nb=1\n[a]\nb=2\n[a](+b=2)\nc=d\n",
    "adding to none": "[a](+)\nb=c\n",
    "sections of one name": "[a]\nb=1\n[a]\nb=2\n[a](+)\nc=3\n",
    "appending to a value": "[a]\nb=c\nb+=d\nb += e\nf+=g\nh+=> i\nh+=>j\nB+=k\n",
    "appending to what is inherited": "[t](!)\nb=c\n[a](t)\nb+=d\n[e](t)\n",
    "a file within": '[a]\n#include one.conf\nd=e\n#tryinclude "nowhere.conf"\nf=g\n',
    "ways to write it": "[a]\n#INCLUDE <one.conf>\n[b]\n #include\tdeep.conf ; c\n",
    "a file begins where the last one ended": "[a]\n#include one.conf\n#include d/a.conf\nd=e\n",
    "files by a pattern": "[a]\n#include d/*.conf\n#tryinclude e/*.conf\nd=e\n",
    "no file by a pattern": "[a]\nb=c\n#include e/*.conf\n",
    "a file that is not there": "[a]\nb=c\n#include nowhere.conf\n",
    "a file within is broken": "[a]\nb=c\n#include bad.conf\nd=e\n",
    "a file within wants one that is not there": "[a]\nb=c\n#include wants.conf\nd=e\n",
    "a template for a file within": "[t](!)\nx=1\n#include tpl.conf\n",
    "a block comment around it": "[a]\nb=c ;-- x\n#include nowhere.conf\n--; d=e\n",
    "words after its name": '[a]\n#include "one.conf" now\nb=c\n',
    "other directives": "[a]\n#comment\n# include one.conf\n#include\n#exec /bin/true\nb=c\n",
}


def ours(text: str) -> Read:
    sections = read(text, include=INCLUDE)
    return [
        (one.name, [f"{option.name}={option.value}" for option in one.options]) for one in sections
    ]


def theirs(asterisk: Asterisk, text: str) -> Read:
    for name, included in INCLUDE.items():
        asterisk.write(name, included)
    asterisk.write("read.conf", text)
    return asterisk.config("read.conf")


class TestExamples:
    @pytest.mark.parametrize("name", FILES)
    def test_we_read_what_asterisk_reads(self, name: str, asterisk: Asterisk) -> None:
        asterisk.log()
        assert ours(FILES[name]) == theirs(asterisk, FILES[name])

    @pytest.mark.parametrize("name", FILES)
    def test_we_name_a_fault_where_asterisk_warns(self, name: str, asterisk: Asterisk) -> None:
        asterisk.log()
        theirs(asterisk, FILES[name])
        warned = [one for one in asterisk.warnings() if "tests" not in one]
        named = [one for one in read(FILES[name], include=INCLUDE).faults if one.effect != SILENT]
        assert bool(named) == bool(warned), (named, warned)

    def test_lines_are_counted_in_the_file_where_they_stand(self) -> None:
        (section,) = read("\n[a]\n\n;x\nb=c\n#include d/a.conf\nd=e\n", include=INCLUDE)
        lines = [(one.name, one.line) for one in section.options]
        assert (section.line, lines) == (2, [("b", 5), ("a", 1), ("d", 7)])

    def test_an_option_is_found_in_any_case_and_the_last_one_counts(self) -> None:
        (section,) = read("[a]\nType=aor\nmatch=1\nMATCH=2\n")
        assert (section.type, section.get("match"), section.all("Match")) == (
            "aor",
            "2",
            ["1", "2"],
        )
        assert section.get("contact") is None


PIECES = st.sampled_from(
    [
        "a",
        "b",
        "=",
        "=>",
        "+=",
        ";",
        "\\;",
        ";--",
        "--;",
        "-",
        "\\",
        " ",
        "\t",
        '"',
        ">",
        "é",
        "\xa0",
        "$",
    ]
)
LINES = st.one_of(
    st.lists(PIECES, max_size=8).map("".join),
    st.sampled_from(["[s]", "[t](!)", "[s](t)", "[s](+)", "[u](s,t)", "#include one.conf", "b=c"]),
)
TEXTS = st.lists(LINES, max_size=10).map(lambda lines: "\n".join(["[t](!)", *lines]))

VALUES = st.text(
    st.characters(codec="utf-8", exclude_characters="\n\0", exclude_categories=["Cs"]), max_size=40
)


def written(value: str) -> str:
    """A value as a file has it; blanks at its ends cannot be written."""
    return value.replace(";", "\\;")


class TestAnyFile:
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
    @given(text=TEXTS)
    def test_of_any_pieces_we_read_what_asterisk_reads(self, text: str, asterisk: Asterisk) -> None:
        assert ours(text) == theirs(asterisk, text)

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=6)
    @given(values=st.lists(VALUES, min_size=20, max_size=20))
    def test_of_any_value_we_read_what_asterisk_has(
        self, values: list[str], asterisk: Asterisk
    ) -> None:
        text = "".join(
            f"[{number}]\ntype=auth\nusername=>{written(value)}.\npassword=>.{written(value)}\n"
            for number, value in enumerate(values)
        )
        text += "[all]\ntype=endpoint\n" + "".join(
            f"set_var=V{number}=.{written(value)}\n" for number, value in enumerate(values)
        )
        asterisk.load({"pjsip.conf": text})
        assert asterisk.warnings() == []
        *sections, endpoint = read(text)
        variables = dict(one.split("=", 1) for one in endpoint.all("set_var"))
        assert asterisk.show("endpoint", "all").items() >= variables.items()
        for section in sections:
            shown = asterisk.show("auth", section.name)
            assert shown["password"] == section.get("password")
            assert shown["username"] == section.get("username")

    @given(value=VALUES)
    def test_a_value_arrives_as_it_was_but_for_blanks_at_its_ends(self, value: str) -> None:
        (section,) = read(f"[a]\nb=>{written(value)}\n")
        blanks = "".join(map(chr, range(33)))
        assert section.get("b") == value.strip(blanks)
