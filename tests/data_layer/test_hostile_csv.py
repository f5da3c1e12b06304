"""CSV that somebody made to break an import: refused in one line by its cell, or taken as it is."""

from __future__ import annotations

import codecs
import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sites import Site, a_site
from tuiprov.data.exchange import csv_reading
from tuiprov.data.exchange.importing import import_file
from tuiprov.data.fields import Text
from tuiprov.data.models import Extension
from tuiprov.data.sections import FIELDS
from tuiprov.errors import Refused

HEADER = "extension,organization,user,extension_name,equipment_description\n"
ROW = "1*1,Acme,joe,Ana,desk\n"
_FAR = len(HEADER) + 2500 * len(ROW)


def told(site: Site, data: bytes) -> list[str]:
    with pytest.raises(Refused) as refused:
        site.import_text(data)
    assert not site.rows(Extension)
    return [str(one) for one in refused.value.refusals]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ((HEADER + ROW.replace("Ana", "A\0na")).encode(), "row 1, extension_name: must be one"),
        ((HEADER + ROW.replace("Ana", "A\x1b[2Jna")).encode(), "row 1, extension_name: must be"),
        ((HEADER + ROW.replace("Ana", "A‮na")).encode(), "row 1, extension_name: must be"),
        ((HEADER + ROW.replace("Ana", '"An')).encode(), "rows.csv: line 2: unexpected end"),
        ((HEADER + ROW.replace("Ana", '"A"na')).encode(), "rows.csv: line 2: ',' expected"),
        ((HEADER + ROW.replace("Ana", "A" * 100_000)).encode(), "row 1, extension_name: must be"),
        ((HEADER + ROW.replace("Ana", "A" * 1_000_000)).encode(), "rows.csv: line 2: field lar"),
        (codecs.BOM_UTF8 * 2 + (HEADER + ROW).encode(), "rows.csv, header, ﻿extension: is not"),
        ((HEADER + ROW).encode("utf-16"), "rows.csv: is not UTF-8 (byte 0)"),
        (
            (HEADER + ROW * 2500).encode() + b"\xff",
            f"rows.csv: is not UTF-8 (byte {len(HEADER) + 2500 * len(ROW)})",
        ),
        (b"\0" * 100, "rows.csv, header"),
        (b"PK\x03\x04" + bytes(range(256)), "rows.csv: is not UTF-8"),
    ],
    ids=[
        *("NUL", "escape sequence", "bidi", "lone quote", "quote inside", "long cell", "1 MB cell"),
        *("two byte order marks", "UTF-16", "bad byte far behind", "zeros", "spreadsheet"),
    ],
)
def test_it_is_refused_where_it_is_wrong(site: Site, data: bytes, said: str) -> None:
    assert told(site, data)[0].startswith(said)


def test_a_file_too_large_is_not_begun(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_reading, "MOST_BYTES", 10)
    assert told(site, (HEADER + ROW).encode())[0].startswith("rows.csv: is larger than")


def test_100_000_full_rows_fit(first_site: Site) -> None:
    longest = max(first_site.export().splitlines(), key=len)
    assert len(longest.encode()) * 100_000 < csv_reading.MOST_BYTES


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0"])
def test_a_formula_is_a_text_and_comes_back_as_it_was(site: Site, formula: str) -> None:
    site.import_text(HEADER + ROW.replace("desk", f'"{formula}"'))
    assert site.page("1*1").values["equipment_description"] == formula
    assert formula in next(csv.reader(io.StringIO(site.export().splitlines()[1])))


def test_the_same_mac_in_every_row_is_refused_but_for_its_lines(site: Site) -> None:
    header = "extension,organization,user,use_provisioning,friendly_name,manufacturer,model,"
    header += "firmware,mac,line,update_protocol,mac_based_provisioning\n"
    row = "Acme,joe,yes,Desk01,Yealink,T46S,84,80:5E:C0:00:00:01,1,https,yes\n"
    text = header + "".join(f"1*{n},{row}" for n in range(1, 4))
    said = told(site, text.encode())
    assert [one.partition(":")[0] for one in said] == ["row 2, mac", "row 3, mac"]


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=40)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(texts=st.lists(_TEXT, min_size=1, max_size=4))
def test_whatever_is_taken_comes_back_byte_by_byte(texts: list[str]) -> None:
    """Any text in any free field: refused by the field's own rule, or the same after a round."""
    with TemporaryDirectory() as directory:
        (Path(directory) / "one").mkdir()
        (Path(directory) / "two").mkdir()
        one, two = a_site(Path(directory) / "one"), a_site(Path(directory) / "two")
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(["extension", "organization", "user", "equipment_description"])
        writer.writerows([[f"1*{n}", "Acme", "joe", text] for n, text in enumerate(texts)])
        path = Path(directory) / "rows.csv"
        path.write_text(out.getvalue(), encoding="utf-8", newline="")
        done = import_file(one.database, one.admin, path, partial=True)
        assert done.added == sum(_fits(text) for text in texts)
        exported = one.export()
        two.import_text(exported)
        assert two.export() == exported
        one.database.close()
        two.database.close()


def _fits(text: str) -> bool:
    field = FIELDS["equipment_description"]
    assert isinstance(field, Text)
    try:
        field.parse(text)
    except ValueError:
        return False
    return True
