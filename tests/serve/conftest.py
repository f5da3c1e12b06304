"""A site with two published phones: Desk01 by its token, Desk02 by its MAC address."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from tests.publish.helpers import publish_site
from tests.serve.helpers import Desk
from tests.sites import PHONE, Site, a_site
from tuiprov.data.kept import PublishedFile

BY_MAC = {"friendly_name": "Desk02", "mac": "80:5E:C0:00:00:02", "mac_based_provisioning": True}
VERSION = 41


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Both phones are Yealinks on HTTPS; every file on record is version 41."""
    made = a_site(tmp_path)
    made.add("0027*001", **PHONE)
    made.add("0027*002", **PHONE | BY_MAC)
    publish_site(made)
    with made.store.database.write() as session:
        session.execute(update(PublishedFile).values(version_id=VERSION))
    return made


@pytest.fixture
def desk(site: Site) -> Desk:
    return Desk(site)
