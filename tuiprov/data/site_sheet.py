"""The site's settings being edited, and what hangs on them: how many links, how many extensions.

The preferences screen draws the sheet; `Store.site_use` reads what its warnings count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import func
from sqlmodel import Session, col, select

from tuiprov.data.fields import Value
from tuiprov.data.gate import OPEN, Gate
from tuiprov.data.models import Device, Extension
from tuiprov.data.sheet import Sheet
from tuiprov.data.site import SITE_FIELDS, Site, check_site

IN_CLEAR: Final = "the phones' files hold passwords, and {} carries them in clear"
READABLE: Final = "every user of this host can read the phones' passwords"

_IN_CLEAR = {"http": "HTTP without TLS", "tftp": "TFTP"}


@dataclass(frozen=True, slots=True)
class SiteUse:
    """`mac_links`: devices whose link is made of their MAC; `codecs`: codec → how many extensions
    allow it; `trunks`: extensions a PBX is connected to; `private`: those on the private network.
    """

    mac_links: int = 0
    codecs: Mapping[str, int] = field(default_factory=dict)
    trunks: int = 0
    private: int = 0


def site_use(session: Session) -> SiteUse:
    """Counted in the database, by sets."""
    codecs: dict[str, int] = {}
    lists = select(Extension.codecs, func.count()).group_by(Extension.codecs)
    for names, count in session.exec(lists):
        for name in names.split(","):
            codecs[name] = codecs.get(name, 0) + count
    links = select(func.count()).where(
        col(Device.mac_based_provisioning), col(Device.update_protocol).in_(("http", "https"))
    )
    trunks = select(func.count()).where(col(Extension.pbx_connected))
    private = select(func.count()).where(col(Extension.on_private_network))
    return SiteUse(
        session.exec(links).one(),
        codecs,
        session.exec(trunks).one(),
        session.exec(private).one(),
    )


class SiteSheet(Sheet):
    """The settings being edited by the system administrator."""

    def __init__(self, site: Site, use: SiteUse) -> None:
        self.use = use
        self.site = site
        """As they are stored."""
        super().__init__(SITE_FIELDS, _values(site))

    def rebase(self, site: Site) -> None:
        """Begin again from `site`, as it has just been stored."""
        self.site = site
        self.begin(_values(site))

    def gate(self, name: str) -> Gate:
        if name == "private_network" and self.values["infrastructure_type"] == "none":
            return Gate("hidden", "the infrastructure type is none")
        return OPEN

    def problems(self) -> dict[str, str]:
        proposed = self.site.model_copy(update=self.values)
        self.warnings = dict(self._warnings(proposed))
        return {refusal.field: refusal.reason for refusal in check_site(proposed)}

    def _warnings(self, proposed: Site) -> Iterator[tuple[str, str]]:
        if proposed.default_update_protocol in _IN_CLEAR:
            said = IN_CLEAR.format(_IN_CLEAR[proposed.default_update_protocol])
            yield "default_update_protocol", said
        if proposed.world_readable:
            yield "world_readable", READABLE
        yield from self._links(proposed)
        yield from self._codecs(proposed)
        yield from self._license(proposed)

    def _links(self, proposed: Site) -> Iterator[tuple[str, str]]:
        allowed = proposed.allow_mac_based_provisioning
        if self.use.mac_links and allowed != self.site.allow_mac_based_provisioning:
            links = _count(self.use.mac_links, "link")
            verb = "changes" if self.use.mac_links == 1 else "change"
            said = f"{links} {verb}: these phones have to be told their new address"
            yield "allow_mac_based_provisioning", said

    def _codecs(self, proposed: Site) -> Iterator[tuple[str, str]]:
        used = {
            name: count
            for name, count in self.use.codecs.items()
            if count and name in self.site.offered and name not in proposed.offered
        }
        if used:
            counts = ", ".join(f"{name} ({_count(n, 'extension')})" for name, n in used.items())
            said = f"still allowed: {counts}; their pages want it taken out at the next save"
            yield "codecs_offered", said

    def _license(self, proposed: Site) -> Iterator[tuple[str, str]]:
        if self.use.trunks and proposed.sip_trunking_channels == 0:
            said = f"{_count(self.use.trunks, 'extension')} with a PBX connected: take it away"
            yield "sip_trunking_channels", said
        if self.use.private and proposed.infrastructure_type == "none":
            said = f"{_count(self.use.private, 'extension')} on the private network"
            yield "infrastructure_type", said


def _values(site: Site) -> dict[str, Value]:
    return {name: getattr(site, name) for name in SITE_FIELDS}


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
