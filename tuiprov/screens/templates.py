"""The list of provisioning templates: the server default, then those of accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from tuiprov.data.fields import Value
from tuiprov.data.templates.library import TemplateRow
from tuiprov.data.templates.parts import TemplateView
from tuiprov.errors import TuiprovError
from tuiprov.screens.base import bindings_of
from tuiprov.screens.template_editor import TemplateEditor
from tuiprov.screens.template_settings import TemplateSettingsScreen
from tuiprov.screens.viewed_list import LOG_HELP, ViewedList
from tuiprov.widgets.ask import Ask
from tuiprov.widgets.dialog import Dialog
from tuiprov.widgets.table import Column

if TYPE_CHECKING:
    from tuiprov.data.stop import Stop
    from tuiprov.session import Session

_NARROW = (
    Column("name", "Template", 16, flex=True),
    Column("manufacturer", "Manufacturer", 12),
    Column("models", "Models", 12, flex=True),
    Column("files", "Files", 5),
    Column("used_by", "Used by", 7),
    Column("is_outdated", "Default", 7),
)
_WIDE = (
    Column("name", "Template", 24, flex=True),
    Column("owner", "Owner", 18, flex=True),
    *_NARROW[1:2],
    Column("models", "Models", 20, flex=True),
    Column("firmware", "Firmware", 10),
    Column("files", "Files", 5),
    Column("used_by", "Used by", 7),
    Column("is_outdated", "Default", 9),
)


class _Templates:
    """The list's source: there are not so many that they are read by pages."""

    def __init__(self, session: Session):
        self._session = session
        self._rows: dict[int, TemplateRow] = {}

    def ids(self, words: str, _most: int | None = None, _stop: Stop | None = None) -> Sequence[int]:
        self._rows = {row.id: row for row in self._session.templates.rows(words)}
        return list(self._rows)

    def cells(self, ids: Sequence[int], columns: Sequence[str]) -> Mapping[int, Sequence[str]]:
        return {id: [_cell(self._rows[id], name) for name in columns] for id in ids}


def _cell(row: TemplateRow, name: str) -> str:
    if name == "is_outdated":
        return "~ newer" if row.is_outdated else ""
    if name in ("models", "firmware") and row.relation != "default":
        return str(getattr(row, name)) or "all"
    if name == "owner" and row.relation == "default":
        return "built in"
    value = getattr(row, name)
    return "" if value is None else str(value)


class TemplatesScreen(ViewedList):
    """Enter opens a template's files, Ctrl+N makes one of the server default."""

    where = "templates"
    list_name = "templates"
    filter_help = (LOG_HELP[0], "Compare numbers: used_by:>10, used_by:0.", LOG_HELP[1])
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("templates")
    words = "Provisioning templates"
    filter_hint = "type: a name, models:t46s, used_by:0"
    empty = "No template matches."

    def __init__(self, session: Session | None = None) -> None:
        super().__init__(session)

    def columns(self, *, wide: bool) -> Sequence[Column]:
        return _WIDE if wide else _NARROW

    def choices(self, session: Session) -> Sequence[Column]:
        return self.columns(wide=True)

    def source(self, session: Session) -> _Templates:
        return _Templates(session)

    def open_record(self, id: int) -> None:
        session, view = self.session, self._view(id)
        if session is None or view is None:
            return
        try:
            screen = TemplateEditor(session, view)
        except TuiprovError as error:
            self.tell("This template cannot be opened", error)
            return
        self.app.push_screen(screen, self._edited)

    def _edited(self, stored: bool | None) -> None:
        if stored:
            self.reload()

    def action_new(self) -> None:
        """Make a template: a copy of the server default."""
        self._make(None)

    def action_copy(self) -> None:
        """Make a template: a copy of the one under the cursor."""
        view = self._view(self.chosen)
        if view is not None:
            self._make(view)

    def action_remove(self) -> None:
        """Remove the template under the cursor, after a question."""
        view = self._view(self.chosen)
        if view is None:
            return
        question = Dialog(
            f"Remove {view.name}?",
            [f"The template {view.name} and its {len(view.files)} files are removed."],
            [("y", "remove"), ("escape", "keep it")],
        )
        self.app.push_screen(question, lambda answer: self._remove(view, answer == "y"))

    def action_export(self) -> None:
        """Write the template under the cursor into a folder."""
        view = self._view(self.chosen)
        if view is not None:
            words = ["A folder that is new or empty. Only you can read what is written."]
            question = Ask(f"Export {view.name} to", words, str(Path.home() / view.name))
            self.app.push_screen(question, lambda folder: self._export(view, folder))

    def action_import(self) -> None:
        """Take a template from a folder: a new one, or other files for one that is there."""
        words = ["A folder with template.toml and the template's files."]
        self.app.push_screen(Ask("Import from", words, f"{Path.home()}/"), self._import)

    def _view(self, id: int | None) -> TemplateView | None:
        if id is None or self.session is None:
            return None
        try:
            return self.session.templates.open(id)
        except TuiprovError as error:
            self.tell("This template cannot be opened", error)
            return None

    def _make(self, source: TemplateView | None) -> None:
        session = self.session
        if session is None:
            return
        made: list[int] = []

        def take(values: dict[str, Value]) -> None:
            made.append(session.templates.copy(values, source))

        def opened(stored: bool | None) -> None:
            if stored and made:
                self.reload()
                self.open_record(made[0])

        title = f"New template: a copy of {source.name if source else 'the server default'}"
        view = session.templates.fresh(source)
        self.app.push_screen(TemplateSettingsScreen(view, title, take), opened)

    def _remove(self, view: TemplateView, sure: bool) -> None:
        if not sure or self.session is None:
            return
        try:
            self.session.templates.remove(view.id or 0)
        except TuiprovError as error:
            self.tell("Not removed", error)
        self.reload()

    def _export(self, view: TemplateView, folder: str | None) -> None:
        if not folder or self.session is None:
            return
        try:
            self.session.templates.export(view, Path(folder).expanduser())
        except TuiprovError as error:
            self.tell("Not exported", error)
        else:
            self.show_keys(note=f"Wrote {view.name} to {folder}.")

    def _import(self, folder: str | None) -> None:
        session = self.session
        if not folder or session is None:
            return
        place = Path(folder).expanduser()

        def taken(done: tuple[str, bool]) -> None:
            name, is_new = done
            self.reload(f"{'Added' if is_new else 'Changed'} {name}.")

        # Its templates are tried before they are taken, and may take their time.
        work = partial(session.templates.import_folder, place)
        self.work_on("Import", lambda _: work(), taken, "Not imported")
