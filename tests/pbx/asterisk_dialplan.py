"""The judge of extensions.conf: what pbx_config skips with a warning, and what it takes silently.

The file is read like any other (`asterisk_reading.read`); sections are contexts. Applications are
not looked up before a call reaches them, nor labels, expressions and devices: nothing is logged.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from tests.pbx.asterisk_reading import Fault, Option, Section, Sections
from tests.pbx.asterisk_values import names_of

NOT_CONTEXTS = {"general", "globals"}
DIRECTIVES = {"exten", "same", "include", "ignorepat", "switch", "lswitch", "eswitch", "autohints"}
STEP = re.compile(r"(?P<priority>[^(,]*)(?P<label>\([^,]*)?")
DEVICE = re.compile(r"([A-Za-z0-9_]+/[^&,\s]+|[A-Z][A-Za-z]+:[^&,\s]+)")
JUMPS = {"goto", "gotoif", "gosub", "gosubif"}


@dataclass
class Extension:
    """One extension or pattern of a context: its priorities and labels so far."""

    name: str
    last: int = 0
    priorities: set[int] = field(default_factory=set)
    labels: set[str] = field(default_factory=set)
    jumps: list[tuple[Option, str]] = field(default_factory=list)
    hinted: bool = False


def dialplan_faults(
    sections: Iterable[Section], *, endpoints: Collection[str] | None = None
) -> list[Fault]:
    """All that is wrong with an extensions.conf; `endpoints`: those that PJSIP/… may name."""
    contexts = [one for one in sections if one.name not in NOT_CONTEXTS]
    found = list(sections.faults) if isinstance(sections, Sections) else []
    names = {one.name for one in contexts}
    extensions: dict[tuple[str, str], Extension] = {}
    for context in contexts:
        found += _context(context, names, extensions, endpoints)
    for (name, _), extension in extensions.items():
        found += _jumps(name, extension)
    return found


def _context(
    context: Section,
    names: set[str],
    extensions: dict[tuple[str, str], Extension],
    endpoints: Collection[str] | None,
) -> Iterator[Fault]:
    current: Extension | None = None
    for option in context.options:
        match option.name.lower():
            case "exten":
                name, comma, rest = option.value.partition(",")
                if name.count("[") > name.count("]"):
                    yield _fault(context, option, "bad-priority", f"no closing ] in {name!r}")
                    continue
                yield from _extension_name(context, name)
                name = name.strip().replace(" ", "")
                current = extensions.setdefault((context.name, name), Extension(name))
                yield from _step(context, option, current, rest if comma else "", endpoints)
            case "same" if current is None:
                yield _fault(context, option, "no-previous", "same without an exten above")
            case "same" if current:
                yield from _step(context, option, current, option.value, endpoints)
            case "include" if option.value.partition(",")[0].strip() not in names:
                words = f"no context {option.value!r} in this file"
                yield _fault(context, option, "unknown-include", words)
            case other if other not in DIRECTIVES:
                yield _fault(context, option, "unknown-directive", f"{option.name} is skipped")


def _extension_name(context: Section, name: str) -> Iterator[Fault]:
    if not name.strip():
        yield Fault(context.name, "exten", "empty-extension", "an extension without a name")
    elif " " in name.strip():
        words = f"the blanks in {name!r} are left out"
        yield Fault(context.name, "exten", "bad-extension", words)
    elif name.strip() == "_":
        yield Fault(context.name, "exten", "bad-extension", "a pattern that matches nothing")


def _step(
    context: Section,
    option: Option,
    extension: Extension,
    text: str,
    endpoints: Collection[str] | None,
) -> Iterator[Fault]:
    """One priority of an extension: `1,NoOp()`, `n(label),Dial(…)`, `hint,PJSIP/101`."""
    step, _, application = text.partition(",")
    parts = STEP.fullmatch(step.strip())
    priority, label = (parts["priority"].strip(), parts["label"] or "") if parts else ("", "")
    if label and not label.endswith(")"):
        yield _fault(context, option, "open-bracket", f"no closing ) after the label: {label}")
        return
    if priority == "hint":
        yield from _hint(context, option, extension, application, endpoints)
        return
    if not (number := _number(priority, extension)):
        kind = (
            "no-previous" if priority[:1] in ("n", "s") and not extension.last else "bad-priority"
        )
        yield _fault(context, option, kind, f"{priority!r} is no priority here")
        return
    if number in extension.priorities:
        words = f"priority {number} of {extension.name} is there already"
        yield _fault(context, option, "duplicate-priority", words)
        return
    if number > extension.last + 1:
        words = (
            f"{extension.name} has no priority {extension.last + 1}: a call ends before {number}"
        )
        yield _fault(context, option, "gap", words)
    if label and label[1:-1] in extension.labels:
        words = f"the label {label[1:-1]} is there already"
        yield _fault(context, option, "duplicate-label", words)
    extension.priorities.add(number)
    extension.last = number
    extension.labels.add(label[1:-1])
    yield from _application(context, option, extension, application)


def _number(priority: str, extension: Extension) -> int:
    """The priority as a number, 0 for what is none."""
    if priority.isdecimal():
        return int(priority)
    relative = re.fullmatch(r"([ns])(?:\+([0-9]+))?", priority)
    if relative is None or not extension.last:
        return 0
    return extension.last + (relative[1] == "n") + int(relative[2] or 0)


def _hint(
    context: Section,
    option: Option,
    extension: Extension,
    text: str,
    endpoints: Collection[str] | None,
) -> Iterator[Fault]:
    if extension.hinted:
        yield _fault(context, option, "duplicate-priority", f"{extension.name} has two hints")
    extension.hinted = True
    devices = [one.strip() for one in text.partition(",")[0].split("&") if one.strip()]
    if not devices and "," not in text:
        yield _fault(context, option, "empty-hint", "a hint without a device never changes")
    for device in devices:
        if not DEVICE.fullmatch(device):
            yield _fault(context, option, "hint-device", f"{device!r} is no device")
        name = device.removeprefix("PJSIP/")
        if endpoints is not None and name != device and name not in endpoints:
            yield _fault(context, option, "hint-device", f"there is no endpoint {name!r}")


def _application(
    context: Section, option: Option, extension: Extension, text: str
) -> Iterator[Fault]:
    name, bracket, arguments = text.strip().partition("(")
    if not name.strip():
        yield _fault(context, option, "no-application", "nothing to do: a call ends here")
        return
    if name.strip().lower() not in map(str.lower, names_of("applications")):
        yield _fault(context, option, "unknown-application", f"no application {name.strip()}")
    if bracket and not arguments.endswith(")"):
        kind = "after-bracket" if ")" in arguments else "open-bracket"
        yield _fault(context, option, kind, f"{text!r} does not end in )")
        return
    plain = _without_expressions(arguments[:-1])
    if plain is None:
        yield _fault(context, option, "open-expression", f"${{ or $[ is not closed in {text!r}")
    elif name.strip().lower() in JUMPS:
        targets = plain.rpartition("?")[2].split(":") if name.lower().endswith("if") else [plain]
        extension.jumps += [(option, one.strip()) for one in targets if one.strip()]


def _without_expressions(text: str) -> str | None:
    """A text with \\0 in place of ${…} and $[…]; None when one is not closed."""
    open_, plain, at = list[str](), "", 0
    while at < len(text):
        if text[at : at + 2] in ("${", "$["):
            plain += "" if open_ else "\0"
            open_.append("}" if text[at + 1] == "{" else "]")
            at += 2
            continue
        if open_ and text[at] == open_[-1]:
            open_.pop()
        elif not open_:
            plain += text[at]
        at += 1
    return None if open_ else plain


def _jumps(context: str, extension: Extension) -> Iterator[Fault]:
    """Targets within the extension: labels and numbers; of other targets nothing is known here."""
    numbers = {str(one) for one in extension.priorities}
    for option, target in extension.jumps:
        target = re.sub(r"\(.*", "", target)
        elsewhere = "," in target or "\0" in target
        if not elsewhere and target not in extension.labels | numbers:
            words = f"{extension.name} has no {target!r} to jump to"
            yield Fault(context, option.name, "unknown-label", words)


def _fault(context: Section, option: Option, kind: str, words: str) -> Fault:
    return Fault(context.name, option.name, kind, f"line {option.line}: {words}")
