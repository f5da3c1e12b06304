"""`tuiprov adopt phones`: taking over phones whose files another program wrote."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuiprov.commands.site import SITE, AsJson
from tuiprov.data.page import MASK
from tuiprov.printing import print_json, say

if TYPE_CHECKING:
    from tuiprov.publish.adopting_phones import OldFiles, PhonesLook
    from tuiprov.publish.phone_tree import Unread
    from tuiprov.render.inverse import Difference

_MOST_SHOWN = 60
_MOST_NAMED = 4


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
    address, as 805ec0000001.cfg. The phones keep these files as they are until they are changed;
    says what tuiprov's own will say otherwise then (~ another value, - not at all, + more).
    DIRECTORY itself is never written. With --json it needs --yes."""
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
        if not typer.confirm(f"Adopt {_phones(len(seen.phones))}?"):
            say("nothing was done")
            return
    done = adopting_phones.adopt(store, viewer, seen, given, dry_run=False)
    if not as_json:
        said = f"adopted {_phones(len(seen.phones))} with {done.lines} lines"
        say(f"{said}; take it back: tuiprov undo {done.operation}")
        if done.there:
            say(f"files that lay in the publish tree already stay there then: {done.there}")
        if seen.keeping < len(seen.phones):
            say("what the others get is shown by: tuiprov plan --diff")


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
    for note in seen.notes:
        say(f"note       {note}")
    for reason, names in _by_reason(seen.left).items():
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        say(f"left alone {', '.join(names[:_MOST_NAMED])}{more}: {reason}")
    if seen.keeping:
        then = "; what differs is said otherwise from then on" if grouped else ""
        say(f"{_phones(seen.keeping)} {_KEEP[seen.keeping == 1]}{then}.")


_KEEP = (
    "keep their files as they are until they are changed",
    "keeps its files as they are until it is changed",
)


def _phones(count: int) -> str:
    return f"{count} phone{'s' if count != 1 else ''}"


def _by_reason(left: Sequence[Unread]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in left:
        found.setdefault(one.reason, []).append(one.path.name)
    return found


def _in_words(one: Difference) -> str:
    from tuiprov.render.probe import TOKEN

    old, new = (text and text.replace(TOKEN, "(token)") for text in _shown(one))
    if one.sign == "~":
        return f"~ {one.name}: {old} → {new}"
    return f"{one.sign} {one.name}: {old if new is None else new}"


def _shown(one: Difference) -> tuple[str | None, str | None]:
    from tuiprov.render.formats import without_logins

    if not one.is_secret:
        old, new = (text and without_logins(text, MASK) for text in (one.old, one.new))
        return old, new
    return MASK if one.old else one.old, MASK if one.new else one.new


def _plain(seen: PhonesLook) -> dict[str, Any]:
    return {
        "settings": dict(seen.settings),
        "phones": [_phone(one) for one in seen.phones],
        "notes": list(seen.notes),
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
        "kept": [str(file.source) for file in one.kept],
        "lines": [{n: v for n, v in row.items() if n not in secret} for row in one.rows],
        "differences": [
            {"sign": d.sign, "name": d.name, "old": _shown(d)[0], "new": _shown(d)[1]}
            for d in one.differences
        ],
    }
