"""Asterisk's dialplan lines for an extension: its hint, a call to it, and how many at once.

The option `device_state_busy_at` alone limits nothing: the dialplan has to ask (reference:
asterisk, recipe C, proved on 22.10.1). The site's own dialplan includes `tuiprov-extensions`; what
it says itself comes first.
"""

from __future__ import annotations

from typing import Final

from tuiprov.data.identity import sip_user
from tuiprov.data.page import Page
from tuiprov.data.site import Site

FILE: Final = "extensions_tuiprov.conf"
EXTENSIONS: Final = "tuiprov-extensions"
LIMITED: Final = "tuiprov-limited"
"""Where the calls begin that phones with a limit make."""
COUNTED: Final = "tuiprov-counted"
"""What a call to a phone with a limit runs on its way, so that calls both ways are counted."""
LIMIT_VARIABLE: Final = "TUIPROV_CALLS"
DIALLED: Final = "TUIPROV_DIALLED"
"""The public number that was dialled: the site's dialplan sets it for a PBX behind an extension."""
_GROUP: Final = "tuiprov"
_RING_SECONDS: Final = 60
_BUSY: Final = 17
"""Hangup cause: user busy."""


def limit_of(page: Page) -> int | None:
    """How many calls at once; None: no limit."""
    limit = page.values["max_public_concurrent_calls"]
    return limit if isinstance(limit, int) else None


def context_of(page: Page) -> str:
    """Where the extension's calls begin."""
    return page.site.pbx_context if limit_of(page) is None else LIMITED


def custom_state(page: Page) -> str:
    """The device state that stands for an extension which publishes its own."""
    return f"Custom:{page.values['extension']}"


def head(site: Site) -> str:
    """What stands before the extensions' lines. Calls from a phone are counted together with those
    to it: `device_state_busy_at` alone lets it make as many as it takes."""
    group = f"${{CHANNEL(endpoint)}}@{_GROUP}"
    return f"""\
[{LIMITED}]
exten => _[+*#0-9A-Za-z]!,1,Set(GROUP({_GROUP})=${{CHANNEL(endpoint)}})
 same => n,GotoIf($[${{GROUP_COUNT({group})}} > ${{{LIMIT_VARIABLE}}}]?busy)
 same => n,Goto({site.pbx_context},${{EXTEN}},1)
 same => n(busy),Hangup({_BUSY})

[{COUNTED}]
exten => s,1,Set(GROUP({_GROUP})=${{CHANNEL(endpoint)}})
 same => n,Return()

[{EXTENSIONS}]
"""


def block(page: Page) -> str:
    """The lines of one extension in the context `tuiprov-extensions`."""
    number, endpoint = page.values["extension"], f"PJSIP/{sip_user(page.values)}"
    state = custom_state(page) if page.values["publishes_state"] else endpoint
    lines = [f"exten => {number},hint,{state}"]
    limit = limit_of(page)
    if limit == 0:
        # 0 means no limit to device_state_busy_at.
        return "\n".join([*lines, f"exten => {number},1,Hangup({_BUSY})", ""])
    counted = "" if limit is None else f",b({COUNTED}^s^1)"
    steps = [f"Dial({_dialled(page, endpoint)},{_RING_SECONDS}{counted})", "Hangup()"]
    if limit is not None:
        steps.insert(0, f'GotoIf($["${{DEVICE_STATE({endpoint})}}" = "BUSY"]?busy)')
    lines.append(f"exten => {number},1,{steps[0]}")
    lines += [f" same => n,{step}" for step in steps[1:]]
    if limit is not None:
        lines.append(f" same => n(busy),Hangup({_BUSY})")
    return "\n".join([*lines, ""])


def _dialled(page: Page, endpoint: str) -> str:
    """To a PBX behind the extension the public number travels in the address that is called."""
    if not page.values["pbx_connected"]:
        return endpoint
    number = f'${{IF($["${{{DIALLED}}}" = ""]?{sip_user(page.values)}:${{{DIALLED}}})}}'
    return f"PJSIP/{number}@{sip_user(page.values)}"
