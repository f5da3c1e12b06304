"""`tuiprov render --pbx`: what the PBX is told of an extension."""

from __future__ import annotations

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.page import MASK
from tuiprov.data.store import Store
from tuiprov.errors import NotAllowed, NotFound
from tuiprov.pbx.kinds import pbx_of
from tuiprov.printing import print_json, print_text, say


def print_pbx(
    store: Store, viewer: Viewer, number: str, file: str, *, reveal: bool, as_json: bool
) -> None:
    """Print the extension's part of each of the PBX's files, and what the PBX does instead.
    NotFound: no such extension, file, or PBX; NotAllowed: its SIP preferences are not for the
    viewer; RenderError: there is no way to write it."""
    page = store.page(viewer, store.find_extension(viewer, number))
    pbx = pbx_of(page.site)
    if pbx is None:
        raise NotFound("tuiprov writes nothing for a PBX here: tuiprov settings pbx=asterisk")
    if not page.revealable:
        raise NotAllowed(f"{viewer.label} may not see SIP preferences")
    if reveal:
        store.record(viewer, "reveal", number)
    texts = {
        one.name: text if reveal else pbx.masked(text, MASK)
        for one, text in zip(pbx.files(page.site), pbx.blocks(page), strict=True)
        if file in ("", one.name)
    }
    if not texts:
        names = ", ".join(one.name for one in pbx.files(page.site))
        raise NotFound(f"there is no file {file!r}: {names}")
    said = [note.sentence for note in pbx.notes(page)]
    if as_json:
        print_json({"files": texts, "notes": said})
        return
    for name, text in texts.items():
        if not file:
            say(f"==> pbx/{name} <==")
        print_text(text)
    for sentence in said:
        say(sentence, to_error=True)
