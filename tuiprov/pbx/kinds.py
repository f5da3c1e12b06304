"""The seam: what a PBX is to tuiprov. A page goes in, its part of each of the files comes out.

A file is a head, one block for each extension, and a foot; `blocks.py` puts them together. So one
extension's change touches its block only, and the preview shows exactly that block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tuiprov.data.page import Page
from tuiprov.data.site import PBX_DIRECTORY, Site
from tuiprov.render.notes import Note


@dataclass(frozen=True, slots=True)
class PbxFile:
    """One file: its name, what stands before and after the blocks (with line ends), and how a
    comment is written: `comment.format(words)`. Words hold no letters but ASCII, and no `--`."""

    name: str
    head: str
    foot: str
    comment: str

    @property
    def path(self) -> str:
        """Inside the publish root."""
        return f"{PBX_DIRECTORY}/{self.name}"


class Pbx(Protocol):
    """A kind of PBX whose configuration tuiprov writes."""

    @property
    def label(self) -> str:
        """What an admin calls it."""

    def files(self, site: Site) -> Sequence[PbxFile]:
        """Its files, always in the same order."""

    def blocks(self, page: Page) -> Sequence[str]:
        """The extension's part of each of the files, whole lines; "" where it has none. Pure.
        RenderError when there is no way to write it."""

    def account(self, page: Page) -> str:
        """What the PBX knows the extension by: no two may have the same."""

    def notes(self, page: Page) -> Sequence[Note]:
        """What this PBX does instead of what the page says, field by field."""

    def reload(self, command: Sequence[str]) -> None:
        """Have the PBX read its files again; `command` runs its console. PublishError when it
        cannot be asked."""

    def wrong(
        self,
        command: Sequence[str],
        texts: Sequence[str],
        changed: Sequence[str],
        before: Sequence[str] = (),
    ) -> Sequence[str]:
        """What the PBX does not hold of its files, whose texts are these, in words; nothing when
        all is as written. Of the accounts `changed` every value is compared, of the others it is
        looked whether they are there, and of those that only the texts `before` have, whether they
        are gone. PublishError when it cannot be asked."""

    def masked(self, text: str, sign: str) -> str:
        """A text of a file with `sign` in place of every secret."""


def pbx_of(site: Site) -> Pbx | None:
    """The site's PBX; None when tuiprov writes nothing for it."""
    if site.pbx == "asterisk":
        from tuiprov.pbx.asterisk import Asterisk

        return Asterisk()
    if site.pbx == "freeswitch":
        from tuiprov.pbx.freeswitch import FreeSwitch

        return FreeSwitch()
    return None
