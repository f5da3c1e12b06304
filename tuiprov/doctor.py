"""`tuiprov doctor`: what could be wrong with this site and this terminal, one line each."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tuiprov.data.accounts.viewers import Viewer, os_viewer
from tuiprov.data.catalog import default_catalog
from tuiprov.data.database import Database
from tuiprov.data.former_passwords import Former, former
from tuiprov.data.history.adopted import keeping
from tuiprov.data.secret_columns import unsealed
from tuiprov.data.site import Site
from tuiprov.data.store import Store
from tuiprov.errors import TuiprovError
from tuiprov.pbx.kinds import pbx_of
from tuiprov.publish import reconcile
from tuiprov.publish.plan import Asked
from tuiprov.publish.planning import plan_devices, plan_pbx
from tuiprov.publish.publishing import carry_out
from tuiprov.publish.root import closed_above, vanished
from tuiprov.publish.tree import tree_of
from tuiprov.publish.unfinished import offers
from tuiprov.text import local_time

_NARROWEST, _LOWEST = 80, 24


@dataclass(frozen=True, slots=True)
class Finding:
    """`about` what, whether it is `ok`, and the words that say so or what to do."""

    ok: bool
    about: str
    words: str


def examine(
    opened: Callable[[], Database], console: Sequence[str] = ("asterisk",)
) -> list[Finding]:
    """Look at everything that can be looked at; what fails keeps the rest from nothing. `opened`:
    gives the database; `console`: the command that runs the PBX's console."""
    findings = [_tried("catalogue", _catalogue), _tried("terminal", _terminal)]
    database = _tried("database", lambda: _database(opened()))
    findings.append(database)
    if database.ok:
        store = Store(opened(), console)
        findings += [
            _tried("who is looking", lambda: Finding(True, "", os_viewer(store.database).label)),
            _tried("file modes", lambda: _modes(store)),
            _tried("settings", lambda: _settings(store)),
            _tried("publish root", lambda: _publish_root(store)),
            _tried("secrets", lambda: _secrets(store)),
            _tried("published files", lambda: _published(store)),
            _tried("plan", lambda: _planned(store)),
            _tried("unfinished", lambda: _unfinished(store)),
            _tried("waves", lambda: _waves(store)),
        ]
        if store.site().pbx != "none":
            findings.append(_tried("PBX", lambda: _pbx(store)))
    return findings


def _tried(about: str, look: Callable[[], Finding]) -> Finding:
    try:
        found = look()
    except (TuiprovError, OSError) as error:
        return Finding(False, about, str(error))
    return Finding(found.ok, about, found.words)


def _waves(store: Store) -> Finding:
    row = store.waves.open_one(os_viewer(store.database))
    if row is None:
        return Finding(True, "", "none are under way")
    driver = f"driven by {row.driver}" if row.is_driven else "nobody drives them: tuiprov waves"
    return Finding(row.is_driven, "", f"{row.words()}; {driver}")


def _catalogue() -> Finding:
    catalog = default_catalog()
    count = sum(len(catalog.models(name)) for name in catalog.manufacturers())
    return Finding(True, "", f"{count} models of {len(catalog.manufacturers())} manufacturers")


def _terminal() -> Finding:
    columns, lines = shutil.get_terminal_size()
    term = os.environ.get("TERM", "")
    big_enough = columns >= _NARROWEST and lines >= _LOWEST
    words = f"TERM={term or 'not set'}, {columns}x{lines}"
    advice = "" if big_enough else f"; {_NARROWEST}x{_LOWEST} is the smallest that is comfortable"
    return Finding(big_enough and bool(term), "", words + advice)


def _database(database: Database) -> Finding:
    database.check()
    return Finding(True, "", f"{database.path or database.url.get_backend_name()}")


def _modes(store: Store) -> Finding:
    path = store.database.path
    if path is None:
        return Finding(True, "", "the database's server decides who reads it; the key is a file")
    open_files = list(_readable_by_others(path))
    if open_files:
        names = ", ".join(map(str, open_files))
        return Finding(False, "", f"others can read {names}: it holds passwords; chmod 600")
    return Finding(True, "", "only the owner reads the database")


def _readable_by_others(path: Path) -> Iterator[Path]:
    for name in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        if name.exists() and stat.S_IMODE(name.stat().st_mode) & 0o077:
            yield name


def _settings(store: Store) -> Finding:
    site, fresh = store.site(), Site()
    left = [n for n in ("sip_server", "provisioning_host") if getattr(site, n) == getattr(fresh, n)]
    if left:
        return Finding(False, "", f"{' and '.join(left)}: still an example; tuiprov settings")
    words = f"phones register at {site.sip_server} and fetch from {site.provisioning_host}"
    return Finding(True, "", words)


def _publish_root(store: Store) -> Finding:
    root = Path(store.site().publish_root)
    if problem := vanished(store):
        return Finding(False, "", problem)
    if not root.exists():
        return Finding(True, "", f"{root} (made at the first publish)")
    if not os.access(root, os.W_OK | os.X_OK):
        return Finding(False, "", f"{root}: you may not write here")
    return _reached(store.site(), root)


def _reached(site: Site, root: Path) -> Finding:
    """Can a TFTP or HTTP server get there? That is wanted where the settings speak of one."""
    barrier = closed_above(root)
    if barrier is None:
        return Finding(True, "", str(root))
    others = f"only its owner gets through {barrier}"
    if site.publish_group or site.world_readable:
        advice = "give phones' files another publish root"
        return Finding(False, "", f"{root}: {others}, no TFTP or HTTP server does; {advice}")
    return Finding(True, "", f"{root} ({others}: for tuiprov serve alone)")


def _published(store: Store) -> Finding:
    damage = reconcile.examine(store)
    advice = ": tuiprov doctor --repair" if damage else ""
    return Finding(not damage, "", damage.words() + advice)


def _secrets(store: Store) -> Finding:
    with store.database.read() as session:
        count = unsealed(session)
    if count:
        return Finding(False, "", f"{count} records hold secrets that are not sealed: tuiprov init")
    return Finding(True, "", f"sealed with {store.database.keys.path}")


def _pbx(store: Store) -> Finding:
    """Is every extension in the PBX's files, and in the PBX itself where it can be asked?"""
    site = store.site()
    pbx = pbx_of(site)
    with store.database.read() as session:
        passwords = former(session)
    if passwords.over:
        count = len(set(passwords.over.values()))
        words = f"{count} old SIP passwords are taken that no phone needs: tuiprov doctor --repair"
        return Finding(False, "", words)
    plan = plan_pbx(store, Asked(None))
    if plan.notes:
        return Finding(False, "", plan.notes[0])
    if plan.changes:
        return Finding(False, "", "its files are not up to date: tuiprov publish")
    if pbx is None or not site.pbx_reload:
        words = "its files are up to date (it is not asked: no reload is set)"
        return Finding(True, "", words + _taken(passwords))
    read = (tree_of(site).read(file.path) for file in pbx.files(site))
    texts = [(data or b"").decode(errors="replace") for data in read]
    found = pbx.wrong(store.console, texts, ())
    words = f"{pbx.label} has every extension{_taken(passwords)}"
    return Finding(not found, "", "; ".join(found) or words)


def _taken(passwords: Former) -> str:
    """How many extensions' old passwords are still taken, and until when."""
    if not passwords.taken:
        return ""
    count, until = len(passwords.taken), local_time(passwords.last)
    whose = f"{count} extensions" if count > 1 else "1 extension"
    return f"; the old SIP password of {whose} is taken until {until}, or the phone has fetched"


def end_former_passwords(store: Store, viewer: Viewer) -> int:
    """Have the PBX take no old SIP password any more that no phone needs; gives of how many
    extensions."""
    with store.database.read() as session:
        over = set(former(session).over.values())
    if over:
        carry_out(store, viewer, plan_pbx(store, Asked(over)), "old passwords")
    return len(over)


def _unfinished(store: Store) -> Finding:
    """Did somebody's session end between storing something and writing the files?"""
    found = offers(store, os_viewer(store.database))
    if not found:
        return Finding(True, "", "every operation's files were written")
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return Finding(False, "", f"{found[-1].words}{more}: tuiprov publish")


def _planned(store: Store) -> Finding:
    with store.database.read() as session:
        kept = keeping(session, ["published", "publishing"])
    ids = (phone.device_id or 0 for phone in store.phones())
    plan = plan_devices(store, [number for number in ids if number not in kept])
    if plan.failed:
        return Finding(False, "", f"{len(plan.failed)} devices cannot be rendered: tuiprov plan")
    more = f"; {len(kept)} with the files they were adopted with" if kept else ""
    return Finding(True, "", plan.summary() + more)
