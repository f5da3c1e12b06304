"""Telling the PBX to read its new files, and putting those of before back when it does not take
them. Publishing calls it under the publisher's lock, where the settings say so."""

from __future__ import annotations

from collections.abc import Sequence

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.history import events as history
from tuiprov.data.history.versions import Wanted, want
from tuiprov.data.store import Store
from tuiprov.errors import PublishError
from tuiprov.pbx.kinds import Pbx, pbx_of
from tuiprov.publish.apply import put
from tuiprov.publish.plan import Change, PbxSeen, is_of_pbx
from tuiprov.publish.tree import tree_of


def reload_or_put_back(
    store: Store, viewer: Viewer, changes: Sequence[Change], seen: PbxSeen
) -> str:
    """Reload the PBX; gives "" when it took the files, else what went wrong: the files of before
    are in their place again, recorded and reloaded."""
    pbx = pbx_of(seen.site)
    if pbx is None:
        return ""
    before = [_text(seen.before.get(file.path)) for file in pbx.files(seen.site)]
    wrong = _reload(store, pbx, seen, sorted(seen.accounts.values()), before)
    if not wrong:
        return ""
    back = [_back(change, seen) for change in changes if is_of_pbx(change)]
    with store.database.write() as session:
        event = history.record(session, viewer, "publish", "PBX", f"put back: {wrong}")
        session.flush()
        files = [Wanted(one.path, None, None if one.kind == "delete" else one.data) for one in back]
        want(session, files, viewer.label, event.id or 0)
    put(back, seen.site)
    again = _reload(store, pbx, seen)
    ended = "and read again" if not again else f"but: {again}"
    return f"{pbx.label} did not take the new files: {wrong}. Those of before are back, {ended}"


def _reload(
    store: Store,
    pbx: Pbx,
    seen: PbxSeen,
    changed: Sequence[str] = (),
    before: Sequence[str] = (),
) -> str:
    tree = tree_of(seen.site)
    texts = [_text(tree.read(file.path)) for file in pbx.files(seen.site)]
    try:
        pbx.reload(store.console)
        return "; ".join(pbx.wrong(store.console, texts, changed, before))
    except PublishError as error:
        return str(error)


def _text(data: bytes | None) -> str:
    return (data or b"").decode(errors="replace")


def _back(change: Change, seen: PbxSeen) -> Change:
    data = seen.before.get(change.path)
    if data is None:
        return Change("delete", change.path, None)
    return Change("replace", change.path, None, data)
