"""`tuiprov adopt`: taking over the configuration of a PBX that is there already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuiprov.commands import adopt_phones
from tuiprov.commands.site import SITE, AsJson
from tuiprov.data.page import MASK
from tuiprov.printing import print_json, say
from tuiprov.text import visible

if TYPE_CHECKING:
    # Imported where they are used: few commands read somebody else's configuration.
    from tuiprov.pbx.takeover import Adopted
    from tuiprov.publish.adopting import Look

app = typer.Typer(
    help="Take over the configuration of a PBX, or phones' files, that are there already.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


app.command()(adopt_phones.phones)


@app.callback()
def _group() -> None:
    """One command for each kind of PBX, and one for phones."""


@app.command()
def asterisk(
    file: Annotated[
        Path, typer.Argument(help="pjsip.conf, sip.conf or users.conf.", readable=False)
    ],
    user: Annotated[str, typer.Option(help="User account that the extensions belong to.")],
    organization: Annotated[
        str, typer.Option(help="Its organization, where others have a user of that name.")
    ] = "",
    root: Annotated[
        Path | None, typer.Option(help="Read includes below this; otherwise beside FILE only.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make extensions of an Asterisk's sections. What no page can say is kept as it is, what no
    page can carry is left alone; FILE itself is never written. With --json it needs --yes."""
    from tuiprov.publish import adopting

    store, viewer = SITE.store()
    user_id = store.accounts.find(viewer, f"{organization}/{user}" if organization else user)
    seen = adopting.look(store, viewer, file, root)
    if as_json:
        print_json(_plain(seen))
    else:
        _print(seen)
    if not seen.found.adopted:
        say("there is nothing to adopt", to_error=True)
        raise typer.Exit(1)
    if dry_run or not yes:
        adopting.check(store, viewer, user_id, seen)
        if dry_run or as_json:
            return
        if not typer.confirm(_question(seen)):
            say("nothing was done")
            return
    beside = adopting.adopt(store, viewer, user_id, seen)
    if not as_json:
        _print_end(seen, beside)


def _question(seen: Look) -> str:
    count = len(seen.found.adopted)
    sets = " and let tuiprov write this Asterisk" if seen.found.settings else ""
    return f"Adopt {count} extension{'s' if count > 1 else ''}{sets}?"


def _print(seen: Look) -> None:
    for name, value in seen.found.settings.items():
        say(f"setting    {name}={value}")
    for one in seen.found.adopted:
        name = str(one.values.get("extension_name", ""))
        say(f"extension  {one.number} {visible(name)}".rstrip() + f"  ({one.place})")
        for section, options in _kept(one).items():
            say(f"           kept as is: {section} {visible(', '.join(options))}")
        for words in one.words:
            say(f"           {visible(words)}")
    for left in seen.found.left:
        say(f"left alone [{visible(left.name)}] {left.place}: {visible(left.reason)}")
    for place, words in seen.config.skipped:
        say(f"not read   {place}: {visible(words)}")


def _kept(one: Adopted) -> dict[str, list[str]]:
    from tuiprov.pbx.asterisk import Asterisk

    found: dict[str, list[str]] = {}
    for option in one.own:
        value = f"{option.name}={option.value}" if option.value else f"no {option.name}"
        place = one.place_of(option)
        words = Asterisk().masked(value, MASK)
        file = f"{place.file.name}, " if place and place.file != one.place.file else ""
        words += f" ({file}line {place.line})" if place else ""
        found.setdefault(option.section, []).append(words)
    return found


def _print_end(seen: Look, beside: list[Path]) -> None:
    say(f"adopted {len(seen.found.adopted)}; tuiprov history has its number for tuiprov undo")
    if seen.moved is None:
        say("FILE stays as it is; chan_pjsip gets the extensions with: tuiprov publish")
        return
    for path in beside:
        say(f"wrote {path}")
    if seen.is_live:
        say("Asterisk reads tuiprov's file already: let nobody reload it before you swap these:")
    else:
        say("nothing changes until you swap the files:")
    say(f"  {seen.swap()}")


def _plain(seen: Look) -> dict[str, Any]:
    return {
        "settings": seen.found.settings,
        "extensions": [
            {
                "extension": one.number,
                "sip_username": one.account,
                "sections": [f"[{part.name}] {part.place}" for part in one.sections],
                "values": {n: v for n, v in one.values.items() if n != "sip_password"},
                "kept": _kept(one),
                "words": one.words,
            }
            for one in seen.found.adopted
        ],
        "left": [
            {"section": one.name, "place": str(one.place), "reason": one.reason}
            for one in seen.found.left
        ],
        "not_read": [
            {"place": str(place), "reason": words} for place, words in seen.config.skipped
        ],
        "beside": [str(path) for path in seen.beside],
        "swap": seen.swap() if seen.beside else "",
    }
