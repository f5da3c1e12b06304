"""`tuiprov adopt phones`: taking over phones whose files another program wrote."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuiprov.commands.site import SITE, AsJson
from tuiprov.data.page import MASK
from tuiprov.printing import print_json, say

if TYPE_CHECKING:
    from tuiprov.publish.adopting_phones import OldFiles, PhonesLook
    from tuiprov.render.inverse import Difference

_MOST_SHOWN = 60


def phones(
    directory: Annotated[Path, typer.Argument(help="Directory with their files.")],
    organization: Annotated[str, typer.Option(help="Whose the extensions are.")],
    user: Annotated[str, typer.Option(help="User account, made if need be; e.g. 'u{extension}'.")],
    model: Annotated[
        str, typer.Option(help="What they are, where the files leave it open: Yealink/T46S.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add the extensions and devices that phones' files speak of: DIRECTORY holds them by MAC
    address, as 805ec0000001.cfg. Says what tuiprov's own files will say otherwise (~ another value,
    - not at all, + more); the old files are never written. With --json it needs --yes."""
    from tuiprov.publish import adopting_phones

    store, viewer = SITE.store()
    seen = adopting_phones.look(store, viewer, directory, model)
    if as_json:
        print_json(_plain(seen))
    else:
        _print(seen)
    if not seen.phones:
        say("there is nothing to adopt", to_error=True)
        raise typer.Exit(1)
    given = {"organization": organization, "user": user}
    if dry_run or not yes:
        adopting_phones.adopt(store, viewer, seen, given, dry_run=True)
        if dry_run or as_json:
            return
        if not typer.confirm(f"Adopt {len(seen.phones)} phones?"):
            say("nothing was done")
            return
    count = adopting_phones.adopt(store, viewer, seen, given, dry_run=False)
    if not as_json:
        say(f"adopted {len(seen.phones)} phones with {count} lines; take it back: tuiprov undo")
        say("their files are written by: tuiprov publish")


def _print(seen: PhonesLook) -> None:
    for name, value in seen.settings.items():
        say(f"setting    {name}={value}")
    for one in seen.phones:
        files = ", ".join(path.name for path in one.phone.paths)
        assumed = f" (assumed; {one.assumed} others look the same)" if one.assumed else ""
        kind = one.found.kind
        say(f"phone      {one.phone.mac}  {kind.label} {kind.firmware}{assumed}  ({files})")
        for row in one.rows:
            name = str(row.get("extension_name", ""))
            say(f"           line {row['line']}: {row['extension']} {name}".rstrip())
    grouped = seen.grouped()
    for difference, count in grouped[:_MOST_SHOWN]:
        say(f"differs    {_in_words(difference)}{f'  ({count} phones)' if count > 1 else ''}")
    if len(grouped) > _MOST_SHOWN:
        say(f"differs    … and {len(grouped) - _MOST_SHOWN} more: --json has them all")
    for left in seen.left:
        say(f"left alone {left.path.name}: {left.reason}")


def _in_words(one: Difference) -> str:
    from tuiprov.render.inverse import TOKEN

    old, new = (text and text.replace(TOKEN, "(token)") for text in _shown(one))
    if one.sign == "~":
        return f"~ {one.name}: {old} → {new}"
    return f"{one.sign} {one.name}: {old if new is None else new}"


def _shown(one: Difference) -> tuple[str | None, str | None]:
    if not one.is_secret:
        return one.old, one.new
    return MASK if one.old else one.old, MASK if one.new else one.new


def _plain(seen: PhonesLook) -> dict[str, Any]:
    return {
        "settings": dict(seen.settings),
        "phones": [_phone(one) for one in seen.phones],
        "left": [{"file": str(one.path), "reason": one.reason} for one in seen.left],
    }


def _phone(one: OldFiles) -> dict[str, Any]:
    kind = one.found.kind
    secret = ("sip_password", "admin_password")
    return {
        "mac": one.phone.mac,
        "files": [str(path) for path in one.phone.paths],
        "manufacturer": kind.manufacturer,
        "model": kind.model,
        "firmware": kind.firmware,
        "assumed": one.assumed,
        "lines": [{n: v for n, v in row.items() if n not in secret} for row in one.rows],
        "differences": [
            {"sign": d.sign, "name": d.name, "old": _shown(d)[0], "new": _shown(d)[1]}
            for d in one.differences
        ],
    }
