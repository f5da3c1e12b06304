"""Rows of one file mean what they mean in files of their own: random rows, taken both ways."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.data_layer.test_import_sets import Row, a_row, take
from tests.sites import a_site
from tuiprov.data.models import Account, Device

_ROWS = st.lists(
    st.builds(
        lambda number, more: a_row(number, **more),
        st.integers(1, 4),
        st.fixed_dictionaries(
            {
                "organization": st.sampled_from(("Org 1", "Org 2")),
                "use_provisioning": st.sampled_from(("yes", "yes", "yes", "no")),
                "mac": st.sampled_from(("80:5E:C0:00:00:01", "80:5E:C0:00:00:02", "")),
                "friendly_name": st.sampled_from(("Desk1", "Desk2", "Desk1", "")),
                "line": st.sampled_from(("", "1", "2", "3")),
                "update_protocol": st.sampled_from(("https", "tftp", "")),
                "status": st.sampled_from(("", "disabled")),
                "fixed_ip": st.sampled_from(("", "", "192.0.2.7")),
                "fixed_auth": st.sampled_from(("", "not_required")),
            }
        ),
    ),
    min_size=2,
    max_size=7,
)


@pytest.mark.parametrize("mac_links", [True, False])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=_ROWS)
@example(rows=[a_row(1), a_row(2, mac=a_row(1)["mac"], line="2", organization="Org 1")])
def test_rows_of_one_file_mean_what_they_mean_in_files_of_their_own(
    rows: list[Row], mac_links: bool
) -> None:
    with TemporaryDirectory() as directory:
        sites = []
        for name in ("together", "alone"):
            (Path(directory) / name).mkdir()
            sites.append(a_site(Path(directory) / name, default_mac_based_provisioning=mac_links))
        together, alone = sites
        done = take(together, rows, partial=True)
        each = [take(alone, [row], partial=True) for row in rows]
        assert together.export() == alone.export()
        assert done.added == sum(one.added for one in each)
        assert done.changed == sum(one.changed for one in each)
        told = [f"row {n}" for n, one in enumerate(each, 1) for _ in one.refused]
        assert [refusal.where for refusal in done.refused] == told
        assert len(together.rows(Account)) == len(alone.rows(Account))
        assert len(together.rows(Device)) == len(alone.rows(Device))
        for site in sites:
            site.database.close()
