"""The office: a small fixed site for the screens, the same at every run, tokens included.

Two organizations; phones of the four families whose files this suite shows; an extension without a
phone, a trunk to a PBX and a softphone.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import text

from tests.sites import Site, a_site
from tuiprov.data.kept import Event
from tuiprov.publish.planning import plan_devices
from tuiprov.publish.publishing import publish

TOKEN = "0123456789abcdef0123456789abcdef"

SALES, BACK_OFFICE, WAREHOUSE, BOARD = "0027*004", "0027*005", "0027*006", "0027*007"
ANA = "0027*008"
"""Has no phone yet, and a limit of public calls."""
GATE, TRUNK, SOFTPHONE = "0031*005", "0031*006", "0031*007"


def _person(number: str, name: str, user: str, password: str, **values: Any) -> dict[str, Any]:
    organization = "Acme Ltd" if number.startswith("0027") else "Praxis Müller"
    return {
        "extension": number,
        "extension_name": name,
        "organization": organization,
        "user": user,
        "sip_password": password,
        **values,
    }


def _phone(name: str, mac: str, equipment: str, **values: Any) -> dict[str, Any]:
    manufacturer, model, firmware = equipment.split()
    return {
        "use_provisioning": "yes",
        "line": 1,
        "friendly_name": name,
        "mac": mac,
        "manufacturer": manufacturer,
        "model": model,
        "firmware": firmware,
        **values,
    }


_ROWS = (
    _person(SALES, "O'Brien & Sons <sales>", "sales", "p9_R.w-44TyuV")
    | _phone(
        "Sales01",
        "00:04:13:71:A0:0F",
        "Snom D765 10",
        mac_based_provisioning="yes",
        admin_username="admin",
        password_generation="manual",
        admin_password="Quiet7River",
        update_interval=3600,
        update_protocol="https",
        parking_watch_lines=4,
        media_encryption="sdes",
        dtmf_mode="auto",
        force_mwi="yes",
        codecs="g722,alaw,ulaw",
    ),
    _person(BACK_OFFICE, "Sales back office", "sales", "Zx81kd02MMnq")
    | {"use_provisioning": "yes", "line": 2, "mac": "00:04:13:71:A0:0F"},
    _person(WAREHOUSE, "Warehouse", "warehouse", "KK2mmB71ssLp")
    | _phone(
        "Ware1",
        "00:08:5D:23:74:29",
        "Aastra 6731i 3.3.1",
        mac_based_provisioning="yes",
        password_generation="manual",
        admin_password="84512973",
        update_interval=10,
        update_protocol="http",
        dtmf_mode="info",
        codecs="alaw,ulaw,g729",
    ),
    _person(BOARD, "Board room", "board", "mN55tRe6YhBv")
    | _phone(
        "Board01",
        "64:16:7F:0A:BC:DE",
        "Polycom VVX411 6.x",
        password_generation="manual",
        admin_password="84512973",
        update_interval=86400,
        update_protocol="https",
        parking_watch_lines=2,
        media_encryption="sdes",
        codecs="g722,ulaw",
    ),
    _person(ANA, "Ana Núñez", "ana.nunez", "hT4zKp8LmQ2e", max_public_concurrent_calls=4),
    _person(GATE, "Garden gate", "empfang", "Po0iUy7TrE3w")
    | _phone(
        "Gate01",
        "0C:38:3E:44:55:66",
        "Fanvil X4U 2.12",
        status="disabled",
        update_interval=24,
        update_protocol="http",
        codecs="ulaw",
    ),
    _person(
        TRUNK,
        "Branch PBX trunk",
        "branch",
        "Tt5Yu8Ik2Ol9",
        max_public_concurrent_calls=8,
        pbx_connected="yes",
        ping="yes",
        fixed_ip="203.0.113.40",
        fixed_port=5062,
        fixed_auth="not_required",
        signaling_transport="tcp",
        equipment_description="Branch PBX",
    ),
    _person(
        SOFTPHONE,
        "Softphone",
        "mueller",
        "Df6Gh7Jk8Lz9",
        media_encryption="dtls_srtp",
        codecs="opus,g722,alaw",
    ),
)


def an_office(tmp_path: Path, **settings: Any) -> Site:
    """The office in `tmp_path`, with these settings of the site; nothing is published yet."""
    site = a_site(tmp_path)
    names = list(dict.fromkeys(name for row in _ROWS for name in row))
    file = io.StringIO()
    table = csv.DictWriter(file, names, restval="")
    table.writeheader()
    table.writerows(_ROWS)
    site.import_text(file.getvalue())
    set_columns(site, "device", {"token": TOKEN})
    return site.configure(**settings)


def published(site: Site) -> dict[str, str]:
    """What lies in the publish tree: path inside it → text."""
    root = site.publish_root
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): path.read_text("utf-8") for path in files}


def publish_all(site: Site) -> Site:
    """Bring the files of all devices up to date, as `tuiprov publish` does."""
    ids = site.store.device_ids(site.admin)
    publish(site.store, site.admin, plan_devices(site.store, ids))
    return site


def events(site: Site, action: str) -> list[str]:
    """The subjects of all events of this kind."""
    return [event.subject for event in site.rows(Event) if event.action == action]


def set_columns(site: Site, table: str, values: Mapping[str, Any], where: str = "1 = 1") -> None:
    """Put values into rows of a table past all gates and checks, as a stranger's hand would.
    Table and condition are the test's own words."""
    assignments = ", ".join(f"{name} = :{name}" for name in values)
    with site.database.write() as session:
        session.execute(text(f"UPDATE {table} SET {assignments} WHERE {where}"), dict(values))
