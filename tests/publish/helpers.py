"""What the publish tests share: plans of phones without a database, and a look at the tree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from tests.phones import phone
from tests.sites import Site as TestSite
from tuiprov.data.page import Phone
from tuiprov.data.site import Site
from tuiprov.publish.apply import apply
from tuiprov.publish.plan import Plan, plan
from tuiprov.publish.planning import plan_devices
from tuiprov.publish.publishing import publish
from tuiprov.publish.tree import Tree


def plan_of(
    root: Path, phones: Iterable[Phone], recorded: Mapping[str, int | None] | None = None
) -> Plan:
    return plan(phones, recorded or {}, Tree(root))


def put(root: Path, *phones: Phone) -> Plan:
    """Publish these phones under `root`; gives the plan that did it."""
    done = plan_of(root, phones)
    assert not done.failed
    apply(done, Site(publish_root=str(root)))
    return done


def files(root: Path) -> dict[str, bytes]:
    """Every file under `root` (temporary ones too) by its path inside."""
    found = (path for path in sorted(root.rglob("*")) if not path.is_dir())
    read = {}
    for path in found:
        with suppress(FileNotFoundError):  # somebody is publishing: it was a temporary one
            read[str(path.relative_to(root))] = path.read_bytes()
    return read


def publish_site(site: TestSite, where: str = "", *, regenerate: bool = True) -> Plan:
    """Plan the devices that match, carry the plan out and record it; gives the plan."""
    ids = site.store.device_ids(site.admin, where)
    done = plan_devices(site.store, ids, regenerate=regenerate)
    publish(site.store, site.admin, done)
    return done


def state(site: TestSite, number: str = "0027*001") -> str:
    """The state of the device as the extensions list shows it."""
    found = site.store.find_extension(site.admin, number)
    return site.store.extension_rows(site.admin, [found])[found].state


def desk(name: str = "Alice", **values: object) -> Phone:
    """A Fanvil on HTTPS with one file in its own directory."""
    return phone("Fanvil", "X4U", "2.12", sip={"extension_name": name}, **values)


def tftp_phone(last: str = "01", name: str = "Alice", model: str = "6731i") -> Phone:
    """An Aastra on TFTP: a file of its own and `aastra.cfg`, which all of them share."""
    return phone(
        "Aastra",
        model,
        "3.3.1",
        mac=f"00:08:5D:00:00:{last}",
        update_protocol="tftp",
        sip={"extension_name": name},
    )
