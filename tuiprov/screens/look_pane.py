"""The pane beside the template editor: the files that one phone would get, and what is wrong."""

from __future__ import annotations

from typing import Final

from tuiprov.publish.preview import Line, PagePreview, PreviewFile
from tuiprov.publish.template_check import Look, LookFile
from tuiprov.render.notes import Note
from tuiprov.screens.preview_pane import PreviewPane

_OLD: Final = "before the fault"


class LookPane(PreviewPane):
    """Shows a `Look`: `~` marks what differs from the server default. While the template is wrong,
    the files stay as they were before, and say so."""

    def __init__(self) -> None:
        super().__init__()
        self._last = Look()
        self._look = Look()
        self._path = ""

    def show_look(self, look: Look) -> None:
        """Show this look now."""
        names = [file.name for file in self._last.files]
        self._look = look
        if not look.faults:
            self._last = look
        self._show_look(follow=names != [file.name for file in self._last.files])

    def follow(self, path: str) -> None:
        """Bring up a file that is made of this template, if there is one."""
        self._path = path
        self._show_look(follow=True)

    def _show_look(self, *, follow: bool) -> None:
        look = self._look
        faults = (*look.faults, *look.malformed)
        state = _OLD if look.faults else ""
        files = tuple(_preview_file(file, look, state) for file in self._last.files)
        notes = tuple(Note("template", str(fault)) for fault in faults)
        if follow:
            made = [n for n, file in enumerate(self._last.files) if self._path in file.parts]
            self.go_to_tab(made[0] if made else 0)
        self.show(PagePreview(files, notes, "No file." if faults else ""))


def _preview_file(file: LookFile, look: Look, state: str) -> PreviewFile:
    wrong = {fault.line - 1 for fault in look.malformed if fault.file == file.name}
    lines = (Line(text, n in file.changed, n in wrong) for n, text in enumerate(file.lines))
    return PreviewFile(file.name, tuple(lines), state)
