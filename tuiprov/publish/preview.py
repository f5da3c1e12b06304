"""What stands beside the form: the phone's files line by line, the link, and what it cannot take.

Pure but for `Published`, which reads the files on disk once. Computed at every keystroke.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from tuiprov.data.gates import phone_type
from tuiprov.data.page import MASK, Page, Phone
from tuiprov.data.sections import EXTENSION_FIELDS
from tuiprov.errors import PublishError, RenderError
from tuiprov.pbx.blocks import find
from tuiprov.pbx.kinds import Pbx, PbxFile, pbx_of
from tuiprov.publish.tree import Tree
from tuiprov.render.engine import RenderedFile, parse_back, render
from tuiprov.render.links import file_name, link
from tuiprov.render.notes import Note, notes
from tuiprov.render.trace import changed_lines, lines_of, other_values


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file; `changed`: differs from what is published; `focused`: comes from the
    focused field."""

    text: str
    changed: bool = False
    focused: bool = False


@dataclass(frozen=True, slots=True)
class PreviewFile:
    """One tab. `state`: new, changed, published, or "" for the link's tab."""

    name: str
    lines: tuple[Line, ...]
    state: str = ""

    @property
    def is_focused(self) -> bool:
        """Does it hold lines of the focused field?"""
        return any(line.focused for line in self.lines)


@dataclass(frozen=True, slots=True)
class PagePreview:
    """All tabs, the notes, and why there is no file (when there is none)."""

    files: tuple[PreviewFile, ...] = ()
    notes: tuple[Note, ...] = ()
    empty: str = ""


@dataclass
class Published:
    """The published files of one page, each read once; forgotten after an apply."""

    tree: Tree
    _known: dict[str, list[str] | None] = field(default_factory=dict)

    def lines(self, file: RenderedFile) -> list[str] | None:
        """The lines on disk at the file's path, None when nothing is published there."""
        if file.path not in self._known:
            self._known[file.path] = self._read(file)
        return self._known[file.path]

    def block(self, file: PbxFile, number: str) -> list[str] | None:
        """The lines that the PBX's file on disk holds of an extension; None when it holds none."""
        key = f"{file.path} {number}"
        if key not in self._known:
            try:
                data = self.tree.read(file.path)
            except PublishError:
                data = None
            text = None if data is None else find(file, data.decode(errors="replace"), number)
            self._known[key] = None if text is None else text.splitlines()
        return self._known[key]

    def forget(self) -> None:
        self._known.clear()

    def _read(self, file: RenderedFile) -> list[str] | None:
        try:
            data = self.tree.read(file.path)
        except PublishError:
            return None
        return None if data is None else data.decode(file.charset, errors="replace").splitlines()


def preview(page: Page, published: Published, focus: str, *, reveal: bool = False) -> PagePreview:
    """The preview of `page` with the lines of the field `focus` marked, secrets masked unless
    `reveal`. Never raises for what an admin may have typed: the words say what is missing."""
    shown = _of_phone(page, published, focus, reveal)
    pbx = pbx_of(page.site) if page.revealable and not page.is_device else None
    if pbx is None:
        return shown
    tab = _pbx_tab(pbx, page, published, focus, reveal)
    said = (Note("", shown.empty),) if shown.empty else ()
    return PagePreview((*shown.files, tab), (*said, *shown.notes, *pbx.notes(page)))


def _of_phone(page: Page, published: Published, focus: str, reveal: bool) -> PagePreview:
    if page.phone is None:
        return PagePreview(empty="Use provisioning is off: the phone gets no file.")
    if phone_type(page) is None:
        return PagePreview(empty="Choose manufacturer, model and firmware to see the file.")
    try:
        return _preview(page, page.phone, published, focus, reveal)
    except RenderError as error:
        return PagePreview(empty=f"No file: {error}")


_SERVES_NOBODY = "The device serves no extension: no file is generated."
_NO_RESYNC = "Resync: none; it fetches its file when it starts."


def _preview(
    page: Page, phone: Phone, published: Published, focus: str, reveal: bool
) -> PagePreview:
    kind = phone_type(page)
    if kind is None:
        return PagePreview()
    said = tuple(notes(phone, kind))
    link_tab = _link_tab(phone if reveal else _tokenless(phone), page)
    if phone.values["status"] != "enabled":
        return PagePreview((link_tab,), said, "The device is disabled: no file is generated.")
    if not phone.lines:
        return PagePreview((link_tab,), said, _SERVES_NOBODY)
    true_files = render(phone)
    said += tuple(_malformed(phone, true_files))
    shown_files = render(phone.revealed() if reveal else phone.masked())
    focused = lines_of(focus, page, true_files)
    tabs = [
        _tab(true, shown, published.lines(true), focused[true.name])
        for true, shown in zip(true_files, shown_files, strict=True)
    ]
    return PagePreview((*tabs, link_tab), said)


def _malformed(phone: Phone, files: Sequence[RenderedFile]) -> Iterator[Note]:
    """Files of an account's own template that would never be published. (Ours are tested.)"""
    for file in files if phone.custom is not None else ():
        try:
            parse_back(file)
        except RenderError as error:
            yield Note("template", f"{error}: it will not be published")


def _tab(
    true: RenderedFile, shown: RenderedFile, before: list[str] | None, focused: set[int]
) -> PreviewFile:
    lines = true.text.splitlines()
    changed = changed_lines(lines, before) if before is not None else set()
    same = before is not None and lines == before
    state = "published" if same else ("new" if before is None else "changed")
    texts = shown.text.splitlines()
    marked = (Line(text, n in changed, n in focused) for n, text in enumerate(texts))
    return PreviewFile(true.name, tuple(marked), state)


def _pbx_tab(pbx: Pbx, page: Page, published: Published, focus: str, reveal: bool) -> PreviewFile:
    """What the PBX's files hold of the extension, under each file's name."""
    try:
        texts = pbx.blocks(page)
    except RenderError as error:
        return PreviewFile("PBX", (Line(f"Nothing for {pbx.label}: {error}"),))
    others = list(_pbx_otherwise(pbx, page, focus))
    lines: list[Line] = []
    states = set()
    for place, (file, text) in enumerate(zip(pbx.files(page.site), texts, strict=True)):
        true = text.splitlines()
        before = published.block(file, str(page.values["extension"]))
        changed = changed_lines(true, before) if before is not None else set()
        states.add("new" if before is None else "published" if before == true else "changed")
        focused = set().union(*(changed_lines(true, o[place].splitlines()) for o in others))
        shown = (text if reveal else pbx.masked(text, MASK)).splitlines()
        lines.append(Line(file.comment.format(file.name)))
        lines += [Line(words, n in changed, n in focused) for n, words in enumerate(shown)]
    state = next(one for one in ("changed", "new", "published") if one in states)
    return PreviewFile("PBX", tuple(lines), state)


def _pbx_otherwise(pbx: Pbx, page: Page, focus: str) -> Iterator[Sequence[str]]:
    """The extension's blocks, were the focused field another."""
    if focus not in EXTENSION_FIELDS:
        return
    for value in other_values(focus, page.values[focus]):
        try:
            yield pbx.blocks(page.changed({focus: value}))
        except (RenderError, LookupError):
            continue


def _tokenless(phone: Phone) -> Phone:
    """The phone with asterisks for its token. The files in its tabs show it all the same where they
    name their own address; but a link to be typed in is revealed first, which is written down."""
    return replace(phone, token=MASK)


def _link_tab(phone: Phone, page: Page) -> PreviewFile:
    kind = phone_type(page)
    words = ["Provisioning link"]
    if kind is not None and (phone.values["mac"] or not page.values["mac_based_provisioning"]):
        words += [link(phone, kind), ""]
    else:
        words += ["(needs the MAC address)", ""]
    if kind is not None:
        event = kind.facts.resync
        words += [f"Resync: SIP NOTIFY with Event: {event}" if event else _NO_RESYNC]
        names = (file_name(rule, phone, kind) for rule in kind.facts.files)
        words += ["Files: " + ", ".join(names)]
    if not phone.lines:
        words += ["", _SERVES_NOBODY]
    return PreviewFile("Link", tuple(Line(text) for text in words))
