"""Whether a running Asterisk has what a file says, option by option.

A quiet log does not prove it, and a reload that Asterisk refuses leaves old values behind: so look.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator

from tests.pbx.asterisk_addresses import split_match
from tests.pbx.asterisk_rules import Section, codecs_of
from tests.pbx.asterisk_server import Asterisk
from tests.pbx.asterisk_values import NO, YES, is_yes, table, whole

SHOWN = ("endpoint", "aor", "auth", "identify")
"""Types of section of which `pjsip show` tells all."""

SAME = {"reinvite": "invite", "forced": "always"}
"""Words that are shown by another of the same meaning."""

ACCESS = {"permit", "deny", "contact_permit", "contact_deny"}
ELSEWHERE = {"type", "allow", "disallow", "set_var"} | ACCESS
"""Options that are shown together or under other names."""

UNTOLD = {"tos_audio", "tos_video", "direct_media_method", "password_digest", "md5_cred"}
"""Options that are shown in a way of their own: nothing is said of them.

Asterisk 22.10.1 shows connected_line_method where it should show direct_media_method.
"""


def differences(asterisk: Asterisk, sections: Iterable[Section]) -> list[str]:
    """Each option that Asterisk has otherwise than the sections of its pjsip.conf say, in words."""
    found: list[str] = []
    for section in sections:
        if section.type not in SHOWN:
            continue
        shown = asterisk.show(section.type, section.name)
        if not shown:
            found.append(f"{section.type} {section.name} is not there")
            continue
        for option, meant, has in _compared(section, shown):
            if meant != has:
                found.append(f"{section.type} {section.name}: {option} is {has!r}, not {meant!r}")
    return found


def _compared(section: Section, shown: dict[str, str]) -> Iterator[tuple[str, object, object]]:
    """Options with what they should be and what they are, in one form."""
    if section.type == "endpoint":
        codecs = re.findall(r"\w+", shown["allow"].replace("nothing", ""))
        yield "allow", codecs_of(section), codecs
        for who, name in (("acl", ""), ("contact_acl", "contact_")):
            rules = section.get(name + "permit") or section.get(name + "deny")
            yield who, bool(rules), "deny/permit" in shown[who]
        for variable, _, value in (one.partition("=") for one in _last_of_each(section)):
            yield f"set_var {variable}", value.strip(), shown.get(variable.strip())
    kinds = table()[section.type]
    for name in {one.name.lower() for one in section.options} - ELSEWHERE - UNTOLD:
        whole_list = kinds[name] in ("matches", "contacts")
        value = ",".join(section.all(name)) if whole_list else section.get(name) or ""
        form = FORMS.get(kinds[name].split()[0], str)
        yield name, form(value), form(shown.get(name, ""))


def _last_of_each(section: Section) -> list[str]:
    """The assignments that count: a later one replaces an earlier one of the same name."""
    return list({one.partition("=")[0]: one for one in section.all("set_var")}.values())


def _word(value: str) -> str:
    return SAME.get(value.lower(), value.lower())


def _switch(value: str) -> str:
    if value.lower() in YES | NO:
        return "yes" if is_yes(value) else "no"
    return _word(value)


def _list(value: str) -> list[str]:
    return [one.strip().lower() for one in value.split(",") if one.strip()]


def _names(value: str) -> list[str]:
    return [one.strip() for one in value.split(",") if one.strip()]


def _contacts(value: str) -> list[str]:
    return sorted(_names(value))


def _matches(value: str) -> list[tuple[str, str | None]]:
    parts = [split_match(one) for one in _names(value)]
    return sorted(
        (str(ipaddress.ip_network(address + mask, strict=False)), port)
        for address, port, mask in parts
    )


def _groups(value: str) -> list[int]:
    ends = [one.partition("-") for one in _names(value)]
    return [n for low, _, high in ends for n in range(int(low), int(high or low) + 1)]


def _callerid(value: str) -> tuple[str, str]:
    found = re.fullmatch(r"(.*?)\s*<([^<>]*)>", value)
    return (found[1].strip('"'), found[2]) if found else ("", value)


FORMS: dict[str, Callable[[str], object]] = {
    "bool": is_yes,
    "switch": _switch,
    "word": _word,
    "exact": _word,
    "silent": _word,
    "words": _list,
    "names": _names,
    "uint": lambda value: whole(value, -1),
    "int": lambda value: whole(value, -1),
    "cos": lambda value: whole(value, -1),
    "float": lambda value: float(value or "nan"),
    "contacts": _contacts,
    "matches": _matches,
    "groups": _groups,
    "callerid": _callerid,
}
"""Kinds of options that Asterisk writes in another form than a file does."""
