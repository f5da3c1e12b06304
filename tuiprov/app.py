"""The terminal program: opens the site in a thread after its first frame, holds the screens.

Only Textual and the standard library are imported before the first frame; the data layer (half a
second of imports) comes with `tuiprov.session`, in the thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import select
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import SystemCommand
from textual.screen import Screen

from tuiprov import config
from tuiprov.errors import TuiprovError, crash_report
from tuiprov.screens.base import Done
from tuiprov.screens.extensions import ExtensionsScreen
from tuiprov.screens.list_screen import ListScreen
from tuiprov.text import local_time
from tuiprov.widgets.dialog import Dialog
from tuiprov.widgets.in_turn import InTurn
from tuiprov.widgets.themes import THEMES, best_theme

if TYPE_CHECKING:
    from tuiprov.data.draft import Draft
    from tuiprov.publish.plan import Plan
    from tuiprov.publish.unfinished import Offer
    from tuiprov.screens.plan import Planner
    from tuiprov.session import Session

_AREAS = {
    "devices": ("tuiprov.screens.devices", "DevicesScreen"),
    "accounts": ("tuiprov.screens.accounts", "AccountsScreen"),
    "templates": ("tuiprov.screens.templates", "TemplatesScreen"),
    "history": ("tuiprov.screens.history", "HistoryScreen"),
    "fetches": ("tuiprov.screens.fetches", "FetchesScreen"),
    "preferences": ("tuiprov.screens.preferences", "PreferencesScreen"),
    "waves": ("tuiprov.screens.waves", "WavesScreen"),
}
"""Module and class of each area's screen, imported when it is opened."""
_MOST_OFFERS = 5
_LONGEST_WAIT_SECONDS = 1
_GRACE_SECONDS = 2
"""How long the program may take to end by itself once its terminal is gone."""


class TuiprovApp(InTurn):
    """One site, one viewer at a time."""

    TITLE = "tuiprov"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar = []

    def __init__(
        self, db: str = "", config_file: str = "", *, look_as: str = "", demo: bool = False
    ) -> None:
        super().__init__()
        self.is_demo = demo
        self.key_overrides: Mapping[str, str] = {}
        self._db, self._config_file, self._look_as = db, config_file, look_as
        self._session: Session | None = None
        self.failure = ""
        """Why the site could not be opened; told on the terminal after the screen is restored."""

    def on_mount(self) -> None:
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = best_theme()
        self._listen_for_signals()
        self.push_screen(ExtensionsScreen())
        self.call_after_refresh(self._open_site)

    # -- the site -------------------------------------------------------------------------------

    @work(thread=True, exclusive=True, group="site", exit_on_error=False)
    def _open_site(self) -> None:
        try:
            self._open()
        except TuiprovError as error:
            self.call_from_thread(self._fail, str(error))
        except Exception as error:
            self.call_from_thread(self._handle_exception, error)

    def _open(self) -> None:
        """Configure the app, open the session; then import, while the list is being looked at,
        what the first page needs."""
        self.call_from_thread(self._configure, config.load(self._db, self._config_file))
        from tuiprov.session import open_session

        session = open_session(self._db, self._config_file, self._look_as, demo=self.is_demo)
        self.call_from_thread(self.use_session, session)
        self.call_from_thread(self._offer_kept_draft)
        # Importing at the same time would make the rows come a fifth later.
        self._list.is_shown.wait(_LONGEST_WAIT_SECONDS)
        import tuiprov.list_views
        import tuiprov.pages
        import tuiprov.screens.completing
        import tuiprov.screens.extension_page  # noqa: F401
        from tuiprov.data.catalog import default_catalog

        default_catalog()
        healed = session.heal()
        if healed:
            self.call_from_thread(self._list.reload, healed)
        with contextlib.suppress(TuiprovError):  # `tuiprov doctor` says what it is
            if offers := session.unfinished():
                self.call_from_thread(self._offer_unfinished, session, offers)
        if not gc.isenabled():  # `open_site` turned it off for the start
            gc.collect()
            gc.freeze()
            gc.enable()

    def _handle_exception(self, error: Exception) -> None:
        """A mistake of ours never shows a traceback (it could hold a password): the draft is
        kept, the details go to a file, one line says where."""
        if self.is_headless:
            super()._handle_exception(error)
            return
        self._keep_draft()
        self.failure = crash_report(error)
        self.exit(return_code=1)

    def _configure(self, settings: config.Config) -> None:
        self.key_overrides = settings.keys
        if settings.keys:
            self.set_keymap(dict(settings.keys))
        if settings.theme and settings.theme not in self.available_themes:
            known = ", ".join(theme.name for theme in THEMES)
            raise config.ConfigError(f"theme: there is no {settings.theme!r}; there are {known}")
        if settings.theme:
            self.theme = settings.theme

    def _fail(self, words: str) -> None:
        self.failure = words
        self.exit(return_code=1)

    def use_session(self, session: Session) -> None:
        """Look at the site through this session."""
        self._session = session
        self._list.open_session(session)

    def may(self, operation: str) -> bool:
        """May whoever looks do this (an operation of `data/permissions.py`) on something at all?"""
        return self._session is not None and self._session.may(operation)

    @property
    def _list(self) -> ExtensionsScreen:
        return next(s for s in self.screen_stack if isinstance(s, ExtensionsScreen))

    # -- pages ----------------------------------------------------------------------------------

    def open_page(self, extension_id: int, texts: Mapping[str, str] | None = None) -> None:
        """Open an extension's page, with the texts of a kept draft typed again."""
        from tuiprov.screens.extension_page import ExtensionPage

        if self._session is None or self._open_draft() is not None:
            return  # Enter was pressed twice before the page was there
        try:
            draft = self._session.pages.open(extension_id)
        except TuiprovError as error:
            self._list.tell("This page cannot be opened", error)
            self._list.reload()
            return
        if texts:
            draft.resume(texts)
        self.push_screen(ExtensionPage(self._session, draft))

    def close_page(self) -> None:
        """Back to the list, which is read again."""
        self.pop_screen()
        self._list.reload()

    # -- areas ----------------------------------------------------------------------------------

    def open_area(self, name: str) -> None:
        """Open another area of the site over the list of extensions: one of `_AREAS`."""
        if self._session is None or self._open_draft() is not None:
            return
        module, screen = _AREAS[name]
        while not isinstance(self.screen, ExtensionsScreen):
            self.pop_screen()
        try:
            self.push_screen(getattr(import_module(module), screen)(self._session))
        except TuiprovError as error:
            self._list.tell("This cannot be opened", error)

    def look_again(self) -> None:
        """Permissions have changed, perhaps the viewer's own: look with what they are now."""
        if self._session is None:
            return
        try:
            self._session = self._session.again()
        except TuiprovError as error:
            self._fail(str(error))
            return
        for screen in self.screen_stack:
            if isinstance(screen, ListScreen):
                screen.session = self._session

    def close_area(self) -> None:
        """Back to the list of extensions, which is read again."""
        self.pop_screen()
        self._list.reload()

    def plan_site(self, where: str) -> None:
        """Show the plan for all extensions that match, and apply it when told so."""
        session = self._session
        if session is not None:
            self._plan(session, partial(session.plan, where), where or "all extensions")

    def _plan(self, session: Session, planner: Planner, about: str) -> None:
        """Show a plan while it is made, and carry it out when told so."""
        from tuiprov.screens.plan import PlanScreen

        screen = PlanScreen(planner, about, in_waves=self.show_waves)

        def answer(apply: bool | None) -> None:
            if apply:
                self.publish(screen.plan, partial(self._published, screen.plan))

        self.push_screen(screen, answer)

    def show_waves(self, plan: Plan) -> None:
        """Cut a plan into waves, to be started there."""
        from tuiprov.screens.waves import WavesScreen

        if self._session is not None:
            self.push_screen(WavesScreen(self._session, plan))

    def note(self, words: str) -> None:
        """Say something in the list of extensions' line of keys."""
        self._list.reload(words)

    def _published(self, plan: Plan, words: str, error: TuiprovError | None) -> None:
        if error is not None:
            self._list.tell("Not published", error)
        elif self._session is not None:
            self._list.offer_resync(self._session, plan, words)
        self._list.reload(words)

    def publish(self, plan: Plan, done: Done) -> None:
        """Carry a plan out behind the keys, then call `done`; the program does not end before. Who
        stops it before anything is recorded has published nothing, and `done` is not called."""
        from tuiprov.screens.base import TuiprovScreen

        session, screen = self._session, self.screen
        if session is None or not isinstance(screen, TuiprovScreen):
            return
        screen.work_on(
            f"Publish: {plan.summary()}",
            partial(session.publish, plan),
            lambda _: done(f"Files: {plan.in_the_past()}.", None),
            lambda error: done("Not published.", error),
        )

    def _offer_unfinished(self, session: Session, offers: Sequence[Offer]) -> None:
        """What sessions that ended have stored and not published: shown as a plan on request."""
        lines = [f"{one.words}." for one in offers[-_MOST_OFFERS:]]
        if len(offers) > len(lines):
            lines.append(f"And {len(offers) - len(lines)} more before.")

        def answer(key: str | None) -> None:
            if key == "enter":
                self._plan(
                    session, partial(session.plan_unfinished, offers), "what was not written"
                )

        choices = [("enter", "show what is to be written"), ("escape", "later")]
        self.push_screen(Dialog("Not finished", lines, choices), answer)

    # -- drafts that outlive the session --------------------------------------------------------

    def _offer_kept_draft(self) -> None:
        session = self._session
        try:
            kept = session.kept() if session else None
        except TuiprovError:
            return  # the list says what is wrong with the database
        if session is None or kept is None:
            return
        extension_id, texts, kept_at = kept
        when = local_time(kept_at)

        def answer(key: str | None) -> None:
            if key == "r":
                self.open_page(extension_id, texts)
            elif key == "d":
                with contextlib.suppress(TuiprovError):
                    session.pages.drop_kept(extension_id)

        self.push_screen(
            Dialog(
                "Unsaved changes from the last session",
                [f"The connection ended on {when} while a page had unsaved changes."],
                [("r", "resume"), ("d", "discard"), ("escape", "later")],
            ),
            answer,
        )

    def _listen_for_signals(self) -> None:
        """A dropped SSH session or a kill keeps the draft and restores the terminal. Without this,
        a Textual app under `nohup` spins for ever once its terminal is gone."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
                loop.add_signal_handler(number, self._end)
        if not self.is_headless:
            Thread(target=self._watch_terminal, args=(loop,), daemon=True).start()

    def _watch_terminal(self, loop: asyncio.AbstractEventLoop) -> None:
        """End when the terminal is gone, with or without a signal: the kernel sends SIGHUP to the
        leader of the session only. Textual may be stuck by then, with nobody to write to."""
        hangup = select.poll()
        hangup.register(0, 0)
        hangup.poll()
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(self._end)
        time.sleep(_GRACE_SECONDS)
        self._keep_draft()
        os._exit(1)

    def _end(self) -> None:
        self._keep_draft()
        self.exit()

    def _keep_draft(self) -> None:
        draft = self._open_draft()
        if draft is not None and draft.is_changed and self._session is not None:
            with contextlib.suppress(TuiprovError):
                self._session.pages.keep(draft)

    def _open_draft(self) -> Draft | None:
        return next((s.draft for s in self.screen_stack if hasattr(s, "draft")), None)

    # -- commands -------------------------------------------------------------------------------

    def get_system_commands(self, screen: Screen[Any]) -> Iterator[SystemCommand]:
        """The palette offers the screen's own actions and the themes."""
        from tuiprov.actions import actions_of
        from tuiprov.screens.base import TuiprovScreen

        if isinstance(screen, TuiprovScreen):
            for action in actions_of(screen.where, demo=self.is_demo, may=self.may):
                if action.id != "palette":
                    run = partial(screen.run_action, action.target)
                    yield SystemCommand(action.words, action.help, run)
        for name in sorted(theme.name for theme in THEMES):
            yield SystemCommand(
                f"Theme {name}", "Change the colours.", partial(setattr, self, "theme", name)
            )


def open_site(db: str = "", config: str = "", *, look_as: str = "", demo: bool = False) -> int:
    """Run the terminal program; gives the exit status."""
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    gc.disable()
    app = TuiprovApp(db, config, look_as=look_as, demo=demo)
    # Without the mouse the terminal's own selection works, and no reports travel over SSH.
    app.run(mouse=False)
    if app.failure:
        print(app.failure, file=sys.stderr)
    return app.return_code or 0
