"""What the PBX is told: extensions as pages, which of them it does not know as they are now, and
what its files were last made of. Publishing asks and writes this."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, func, insert
from sqlmodel import Session, col, select

from tuiprov.data.former_passwords import former
from tuiprov.data.history.versions import GONE
from tuiprov.data.kept import PbxEntry, PbxOptions, PublishedFile
from tuiprov.data.models import Extension
from tuiprov.data.page import OwnOption, Page
from tuiprov.data.queries import columns
from tuiprov.data.sealing import Keys, keys_of
from tuiprov.data.secret_columns import opened
from tuiprov.data.sections import DEFAULTS, EXTENSION_FIELDS
from tuiprov.data.site import PBX_DIRECTORY, Site

_AT_ONCE = 500


def pbx_pages(session: Session, site: Site, ids: Sequence[int] | None = None) -> Iterator[Page]:
    """These extensions (None: all) as pages of their own values, without their devices."""
    names = [getattr(Extension, name) for name in EXTENSION_FIELDS]
    query = columns(Extension.id, Extension.version, *names).order_by(col(Extension.extension))
    shared = _shared_addresses(session)
    keys = keys_of(session)
    for some in _parts(_all_ids(session) if ids is None else ids):
        rows = session.execute(query.where(col(Extension.id).in_(some))).all()
        own = own_options(session, some)
        taken = former(session, some).taken
        for number, version, *values in rows:
            stored = dict(zip(EXTENSION_FIELDS, values, strict=True))
            found = opened(keys, "extension", str(stored["extension"]), stored)
            yield Page(
                values={**DEFAULTS, **found},
                site=site,
                extension_id=number,
                extension_version=version,
                shares_fixed_ip=stored["fixed_ip"] in shared,
                own_options=own.get(number, ()),
                former_passwords=taken.get(number, ()),
            )


def with_pbx_facts(session: Session, page: Page) -> Page:
    """The page of one extension with what the PBX hangs on besides its values."""
    if page.site.pbx == "none" or page.extension_id is None:
        return page
    own = own_options(session, [page.extension_id]).get(page.extension_id, ())
    address = page.values["fixed_ip"]
    shares = bool(address) and address in _shared_addresses(session)
    taken = former(session, [page.extension_id]).taken.get(page.extension_id, ())
    return replace(page, own_options=own, shares_fixed_ip=shares, former_passwords=taken)


def unknown_to_pbx(session: Session) -> set[int]:
    """Extensions that are not in the PBX's files as they are now."""
    query = select(Extension.id).outerjoin(
        PbxEntry, col(PbxEntry.extension_id) == col(Extension.id)
    )
    differing = query.where(
        col(PbxEntry.version).is_(None) | (col(PbxEntry.version) != col(Extension.version))
    )
    return {number for number in session.exec(differing) if number}


def neighbours_at_fixed_ips(session: Session) -> set[int]:
    """All extensions at a fixed IP address: what one is told hangs on who else is there."""
    query = select(Extension.id).where(col(Extension.fixed_ip) != "")
    return {number for number in session.exec(query) if number}


def numbers(session: Session) -> set[str]:
    """The extended numbers of all extensions."""
    return set(session.exec(select(Extension.extension)))


def accounts_and_addresses(session: Session) -> tuple[set[str], set[str]]:
    """The SIP users of all extensions, and the fixed IP addresses that there are."""
    query = columns(Extension.extension, Extension.sip_username, Extension.fixed_ip)
    rows = session.execute(query).all()
    users = {user or number for number, user, _ in rows}
    return users, {address for _, _, address in rows if address}


def numbers_of(session: Session, ids: Sequence[int]) -> list[str]:
    """The extended numbers of these extensions."""
    query = select(Extension.extension)
    return [
        number
        for some in _parts(ids)
        for number in session.exec(query.where(col(Extension.id).in_(some)))
    ]


def accounts_taken_twice(session: Session) -> dict[str, str]:
    """SIP users that several extensions have, each with the lowest of their extended numbers."""
    number: Any = col(Extension.extension)
    user = func.coalesce(func.nullif(col(Extension.sip_username), ""), number)
    query = columns(user, func.min(number)).group_by(user).having(func.count() > 1)
    return dict(iter(session.execute(query)))


def same_versions(session: Session, versions: Mapping[int, int]) -> bool:
    """Are these extensions still in these versions, as far as they are still there?"""
    known = list(versions)
    for start in range(0, len(known), _AT_ONCE):
        some = known[start : start + _AT_ONCE]
        rows = columns(Extension.id, Extension.version).where(col(Extension.id).in_(some))
        if any(versions[number] != version for number, version in session.execute(rows)):
            return False
    return True


def pbx_paths(session: Session) -> list[str]:
    """The PBX's files on record, as paths inside the publish root."""
    path = col(PublishedFile.path)
    query = select(path).where(
        path.startswith(f"{PBX_DIRECTORY}/"), col(PublishedFile.digest) != GONE
    )
    return list(session.exec(query))


def record_known(session: Session, versions: Mapping[int, int]) -> None:
    """Write down that the PBX's files hold these extensions in these versions."""
    known = list(versions)
    for start in range(0, len(known), _AT_ONCE):
        some = known[start : start + _AT_ONCE]
        session.execute(delete(PbxEntry).where(col(PbxEntry.extension_id).in_(some)))
        there = set(session.exec(select(Extension.id).where(col(Extension.id).in_(some))))
        rows = [{"extension_id": n, "version": versions[n]} for n in some if n in there]
        if rows:
            session.execute(insert(PbxEntry), rows)


def forget_known(session: Session) -> None:
    """Write down that the PBX's files hold nothing."""
    session.execute(delete(PbxEntry))


def own_options(
    session: Session, ids: Sequence[int] | None = None
) -> dict[int, tuple[OwnOption, ...]]:
    """Options of an extension's sections that are kept as they were, by extension id."""
    query = select(PbxOptions)
    if ids is not None:
        query = query.where(col(PbxOptions.extension_id).in_(ids))
    keys = keys_of(session)
    return {row.extension_id: _opened(keys, row) for row in session.exec(query)}


def keep_options(session: Session, extension_id: int, options: Iterable[OwnOption]) -> None:
    """Keep these options of an extension's sections in place of those kept before."""
    rows = [[one.section, one.name, one.value, one.instead] for one in options]
    known = session.get(PbxOptions, extension_id)
    if rows:
        sealed = keys_of(session).seal(json.dumps(rows), about_options(extension_id))
        known = known or PbxOptions(extension_id=extension_id, options="")
        known.options = sealed
        session.add(known)
    elif known is not None:
        session.delete(known)


def about_options(extension_id: int) -> str:
    """What kept options are sealed as."""
    return f"pbx_options:{extension_id}:options"


def _opened(keys: Keys, row: PbxOptions) -> tuple[OwnOption, ...]:
    rows = json.loads(keys.open(row.options, about_options(row.extension_id)))
    return tuple(OwnOption(*one) for one in rows)


def _shared_addresses(session: Session) -> set[str]:
    """Fixed IP addresses that several extensions have."""
    address: Any = col(Extension.fixed_ip)
    query = select(address).where(address != "").group_by(address).having(func.count() > 1)
    return set(session.exec(query))


def _all_ids(session: Session) -> list[int]:
    query = select(Extension.id).order_by(col(Extension.extension))
    return [number for number in session.exec(query) if number]


def _parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]
