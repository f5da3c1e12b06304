"""Extensions for tests of the PBX in one call each: `page(1, ping=True)`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.phones import extension
from tuiprov.data.page import OwnOption, Page
from tuiprov.data.sections import DEFAULTS
from tuiprov.data.site import Site
from tuiprov.pbx.blocks import join
from tuiprov.pbx.kinds import Pbx, pbx_of

ASTERISK = Site(pbx="asterisk", pbx_udp_transport="t-udp", pbx_tcp_transport="t-tcp")
"""Transports by the names that the real Asterisk of the tests has them."""


def page(
    number: int = 1,
    *,
    site: Site = ASTERISK,
    shares: bool = False,
    own: Sequence[OwnOption] = (),
    **values: Any,
) -> Page:
    """Extension 0027*00N with these values, alone at its fixed IP unless it `shares` it."""
    return Page(
        values={**DEFAULTS, **extension(number), **values},
        site=site,
        extension_id=number,
        extension_version=1,
        shares_fixed_ip=shares,
        own_options=tuple(own),
    )


def pbx(site: Site = ASTERISK) -> Pbx:
    found = pbx_of(site)
    assert found is not None
    return found


def files(*pages: Page, site: Site = ASTERISK) -> dict[str, str]:
    """The PBX's files for these extensions, by name."""
    kind = pbx(site)
    blocks = {str(one.values["extension"]): kind.blocks(one) for one in pages}
    return {
        file.name: join(file, {number: texts[place] for number, texts in blocks.items()}, "tests")
        for place, file in enumerate(kind.files(site))
    }
