"""Keys in the extension page: to the last byte of what they change, their processor time and bytes.

Keys are sent one by one to a screen at rest; after each one a key goes to a bare echo, whose time
is what the pseudo-terminal and the measuring cost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter_ns

from benchmarks.bare_apps import READY
from benchmarks.ground import Ground
from benchmarks.harness import MS, Effort, Figure, bare, median, p95, terminal, tuiprov
from tests.pty.terminal import Terminal
from tuiprov.data.draft import Draft
from tuiprov.data.fields import Number, Text
from tuiprov.data.gates import phone_type
from tuiprov.data.sections import FIELDS
from tuiprov.publish.planning import plan_devices
from tuiprov.publish.publishing import publish
from tuiprov.render.engine import render
from tuiprov.render.trace import lines_of
from tuiprov.screens.extension_page import SECTIONS
from tuiprov.session import open_session

ABOVE_ECHO_MS, CPU_MS, KEY_BYTES = 12, 10, 1024
SECTION_MS, TAB_MS = 90, 20
_TEXT, _DIGITS = "abcdefghijkl", "00"
_MOST_TABS = 6
_LOOKED_AT = 61
"""Among so many extensions, spread over a site, there is one with a phone of each family."""
_QUIET_SECONDS = 0.04
"""Longer than the two frames (of 1/60 s) in which Textual paints what a key changed."""


@dataclass
class Keys:
    """What each key of one kind took: milliseconds, processor milliseconds, bytes."""

    ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    sent: list[float] = field(default_factory=list)

    def press(self, program: Terminal, key: str) -> None:
        """Press one key and wait until the screen is at rest again."""
        cpu, sent, start = program.cpu_ns(), len(program.output), perf_counter_ns()
        program.press(key)
        end = program.settle(_QUIET_SECONDS, patience=1)
        self.ms.append((end - start) / MS if len(program.output) > sent else 0.0)
        self.cpu_ms.append((program.cpu_ns() - cpu) / MS)
        self.sent.append(len(program.output) - sent)


@dataclass(frozen=True, slots=True)
class _Place:
    """A field whose text stands in a file of its phone: the way there from the list of extensions,
    and what can be typed into it `before` and then key by key (`word`)."""

    phone: str
    extension: str
    section: int
    row: int
    before: str
    word: str


def measure(ground: Ground) -> Iterator[Figure]:
    """On a small site, and on the largest fleet."""
    yield from _measure(ground.site, ground.effort, "")
    count = max(ground.effort.fleets)
    store, viewer = ground.fleet("keys", count)
    publish(store, viewer, plan_devices(store, _spread(store.device_ids(viewer))))
    store.database.close()
    assert store.database.path is not None
    yield from _measure(store.database.path, ground.effort, f"of {count:,}: ")


def _measure(site: Path, effort: Effort, of: str) -> Iterator[Figure]:
    """Type in a page of each family, then walk through sections and rows."""
    echo, sections, tabs = Keys(), Keys(), Keys()
    typed: dict[str, Keys] = {}
    with ExitStack() as stack:
        echoing = stack.enter_context(terminal(bare("echo")))
        echoing.wait_for_bytes(READY.encode())
        for place in _places(site):
            with terminal(tuiprov("--db", f"sqlite:///{site}")) as program:
                _go_to(program, place)
                typed[place.phone] = _type(program, echoing, echo, place, effort.keys)
                _walk(program, sections, tabs, effort.keys // 4)
    for figure in _figures(typed, echo):
        yield replace(figure, what=f"{of}{figure.what}")
    yield Figure(f"{of}section opened, p95", p95(sections.ms), SECTION_MS, "ms")
    yield Figure(f"{of}Tab to the next field, p95", p95(tabs.ms), TAB_MS, "ms")


def _figures(typed: dict[str, Keys], echo: Keys) -> Iterator[Figure]:
    """Of each figure the phone that does worst."""
    bare_ms = p95(echo.ms)
    above = {phone: p95(keys.ms) - bare_ms for phone, keys in typed.items()}
    against = f"above the p95 of a bare echo, {bare_ms:.2f} ms"
    yield _worst("key to preview, p95", above, ABOVE_ECHO_MS, "ms", against)
    for words, of in (("median", median), ("p95", p95)):
        cpu = {phone: of(keys.cpu_ms) for phone, keys in typed.items()}
        yield _worst(f"processor time per key, {words}", cpu, CPU_MS, "ms")
        sent = {phone: of(keys.sent) for phone, keys in typed.items()}
        yield _worst(f"sent per key, {words}", sent, KEY_BYTES, "B")


def _worst(
    what: str, by_phone: dict[str, float], limit: float, unit: str, against: str = ""
) -> Figure:
    phone = max(by_phone, key=lambda name: by_phone[name])
    worst = f"worst of {len(by_phone)} phones: {phone}"
    return Figure(what, by_phone[phone], limit, unit, "; ".join(filter(None, (against, worst))))


def _places(site: Path) -> Iterator[_Place]:
    """One page of each kind of phone in the demo, at a field that is seen in the preview."""
    session = open_session(f"sqlite:///{site}", "", "", demo=False)
    seen = set()
    for extension_id in _spread(session.extension_ids("-status:disabled")):
        draft = session.pages.open(extension_id)
        place = _place(draft)
        if place is not None and place.phone not in seen:
            seen.add(place.phone)
            yield place


def _spread(ids: Sequence[int]) -> Sequence[int]:
    return ids[:: max(1, len(ids) // _LOOKED_AT)]


def _place(draft: Draft) -> _Place | None:
    """The first text, else the first number, that the phone's files hold."""
    page = draft.page
    phone = phone_type(page)
    if page.phone is None or phone is None:
        return None
    files, extension = render(page.phone), str(page.values["extension"])
    interval = str(phone.facts.interval.default) if phone.facts.interval else ""
    for kind, before, word in ((Text, "", _TEXT), (Number, interval, _DIGITS)):
        for section, rows in enumerate(section.rows(draft, {}) for section in SECTIONS):
            for at, row in enumerate(rows):
                fits = isinstance(FIELDS.get(row.name), kind) and not row.locked
                if fits and any(lines_of(row.name, page, files).values()):
                    return _Place(phone.label, extension, section, at, before, word)
    return None


def _go_to(program: Terminal, place: _Place) -> None:
    """To the field, and to the tab of the preview that shows it."""
    program.wait_for_bytes(b"0027*0")
    program.type(place.extension)
    program.wait_for("1 / 1 ")
    program.press("enter")
    program.wait_for("Use provisioning")
    _rest(program, *["ctrl+n"] * place.section, *["tab"] * place.row, *place.before, *place.word)
    for _ in range(_MOST_TABS):
        if program.text.count(place.before + place.word) > 1:
            break
        _rest(program, "f8")
    else:
        raise AssertionError(f"{place.word} is not in both form and preview:\n{program.text}")
    _rest(program, *["backspace"] * len(place.word))


def _rest(program: Terminal, *keys: str) -> None:
    """Press these keys, each on a screen at rest."""
    for key in keys:
        program.press(key)
        program.settle(_QUIET_SECONDS, patience=1)


def _type(program: Terminal, echoing: Terminal, echo: Keys, place: _Place, count: int) -> Keys:
    """Type the word and take it back, again and again."""
    keys, word = Keys(), place.word
    there_and_back = [*word, *["backspace"] * len(word)]
    for key in islice(cycle(there_and_back), count):
        keys.press(program, key)
        echo.press(echoing, "x")
    return keys


def _walk(program: Terminal, sections: Keys, tabs: Keys, count: int) -> None:
    """Through all sections, and down the rows of each."""
    for _ in range(count):
        sections.press(program, "ctrl+n")
        tabs.press(program, "tab")
