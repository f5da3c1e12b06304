"""What all screens share: bindings from the table of actions, the line of keys, help, errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeVar, cast

from textual.binding import Binding, BindingType
from textual.events import Key
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from tuiprov.actions import ACTIONS, Action, Where, actions_of, on_screen
from tuiprov.errors import TuiprovError
from tuiprov.widgets.bar import Bar
from tuiprov.widgets.compat import Run
from tuiprov.widgets.compositor import CellCompositor
from tuiprov.widgets.dialog import HARD_BLANK, Dialog
from tuiprov.widgets.in_turn import type_again

if TYPE_CHECKING:
    from tuiprov.data.resyncs import Target
    from tuiprov.orders.order import OnRecord
    from tuiprov.publish.plan import Plan
    from tuiprov.session import Session

Result = TypeVar("Result")
Done = Callable[[str, TuiprovError | None], None]
"""Told how publishing went: words for the line of keys, and what went wrong."""


class Navigator(Protocol):
    """What screens order from the app: other screens, and who is looking."""

    is_demo: bool
    key_overrides: Mapping[str, str]

    def may(self, operation: str) -> bool: ...
    def open_area(self, name: str) -> None: ...
    def close_area(self) -> None: ...
    def look_again(self) -> None: ...
    def open_page(self, extension_id: int) -> None: ...
    def close_page(self) -> None: ...
    def plan_site(self, where: str) -> None: ...
    def publish(self, plan: Plan, done: Done) -> object: ...
    def note(self, words: str) -> None: ...
    def show_waves(self, plan: Plan) -> None: ...
    def use_session(self, session: Session) -> None: ...


def bindings_of(where: Where) -> list[BindingType]:
    """Textual's bindings for one kind of screen."""
    return [
        Binding(action.keys, action.target, action.words, show=False, id=action.id)
        for action in on_screen(where)
    ]


class TuiprovScreen(Screen[bool | None]):
    """A screen with a title, a line of keys and `where` in the table of actions."""

    where: ClassVar[Where]

    # Textual repaints the whole screen (24 kB) when the focus moves; our widgets mark it.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    def __init__(self) -> None:
        super().__init__()
        self._compositor = CellCompositor()
        # Held, not queried: keys that were typed ahead may arrive before the screen is mounted.
        self.title_bar = Bar(id="title")
        self.keys_bar = Bar(id="keys")

    @property
    def navigator(self) -> Navigator:
        """The app, as far as screens know it."""
        return cast(Navigator, self.app)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """An action that this viewer does not have does not exist, by no key at all."""
        called = _spelled(action, parameters)
        named = [one for one in ACTIONS if _is(one.target, called)]
        return not named or any(one in self._actions() for one in named)

    def action_area(self, name: str) -> None:
        """Go to another area: devices, accounts, templates, preferences."""
        self.navigator.open_area(name)

    def show_keys(self, *, note: str = "") -> None:
        """Draw the line of keys, or a passing note in its place."""
        if note:
            self.keys_bar.show([(note, "bar--note")])
            return
        self.keys_bar.show(self._keys_that_fit())

    def _keys_that_fit(self) -> list[Run]:
        """Keys in the order of the table, as many as there is room for; Help is always last."""
        shown = [action for action in self._actions() if action.in_footer]
        words = [(action.shown_key(self.navigator.key_overrides), action.words) for action in shown]
        room = self.app.size.width - 2 - sum(map(len, words[-1])) - 1
        runs: list[Run] = []
        for key, name in words[:-1]:
            room -= len(key) + len(name) + 3
            if room >= 0:
                runs += [(key, "bar--key"), (f" {name}  ", "")]
        return [*runs, (words[-1][0], "bar--key"), (f" {words[-1][1]}", "")]

    def tell(self, title: str, error: TuiprovError | str) -> None:
        """Show what went wrong, line by line, until a key is pressed."""
        lines = str(error).splitlines()
        self.app.push_screen(Dialog(title, lines, [("enter", "close")]))

    def work_on(
        self,
        about: str,
        do: Callable[[OnRecord], Result],
        then: Callable[[Result], object],
        failed: Callable[[TuiprovError], object] | str = "Not done",
    ) -> None:
        """Do what may take long, behind the keys where it does. Then `then` gets what it gives, or
        `failed` the error (a text is the title that it is told under)."""
        from tuiprov.screens.working import PATIENCE_SECONDS, Job, WorkingScreen

        job = Job(do)

        def ended(held: Sequence[Key] | None = None) -> None:
            if job.mistake is not None:
                raise job.mistake
            if job.is_stopped:
                self.show_keys(note="Stopped: nothing was changed.")
            elif job.problem is not None:
                told = partial(self.tell, failed) if isinstance(failed, str) else failed
                told(job.problem)
            else:
                then(cast(Result, job.result))
            type_again(self, held or ())

        job.begin()
        if job.wait(PATIENCE_SECONDS):
            ended()
        else:
            self.app.push_screen(WorkingScreen(about, job), ended)

    def show_link(self, session: Session, device_id: int) -> None:
        """Show the provisioning link of a device, or why there is none."""
        from tuiprov.screens.link import LinkScreen

        try:
            offer = session.inventory.link(device_id)
        except TuiprovError as error:
            self.tell("There is no link", error)
            return
        self.app.push_screen(LinkScreen(offer))

    def ask_to_enrol(
        self,
        session: Session,
        device_id: int,
        name: str,
        then: Callable[[], None],
        failed: Callable[[TuiprovError], object] | str = "Not enrolled",
    ) -> None:
        """Open a device's enrolment window, after a question, and show its first link."""

        def enrolled(_: Plan) -> None:
            self.show_link(session, device_id)
            then()

        def answered(key: str | None) -> None:
            if key == "y":
                enrol = session.inventory.enrol
                self.work_on("Enrol", lambda _: enrol(device_id), enrolled, failed)

        question = Dialog(
            f"Open the enrolment window of {name}?",
            [
                "Both its links become new: a phone with the old one gets nothing any more.",
                "The first link is good for a first fetch, of a file without secrets.",
            ],
            [("y", "open it"), ("escape", "leave it")],
        )
        self.app.push_screen(question, answered)

    def plan_resync(self, session: Session, targets: Sequence[Target]) -> None:
        """Say what asking these phones to fetch again means; ask them when told so."""
        from tuiprov.screens.resync import ResyncScreen

        try:
            words = session.resyncing.plan(targets)
        except TuiprovError as error:
            self.tell("No phone can be asked", error)
            return
        if not targets:
            self.show_keys(note="No phone here has files to fetch.")
            return

        def answered(key: str | None) -> None:
            if key == "enter":
                self.app.push_screen(ResyncScreen(session, targets))

        choices = [("enter", "ask them to fetch"), ("escape", "cancel")]
        self.app.push_screen(Dialog("Resync", [words], choices), answered)

    def offer_resync(self, session: Session, plan: Plan, words: str) -> None:
        """After a plan was carried out: its phones may be asked to fetch their new files."""

        def found(targets: Sequence[Target]) -> None:
            if targets:
                self._ask_to_resync(session, targets, words)

        def failed(_error: TuiprovError) -> None:
            """The plan is carried out all the same."""

        after = session.resyncing.after
        self.work_on("Look whom to ask", lambda _: after(plan), found, failed)

    def _ask_to_resync(self, session: Session, targets: Sequence[Target], words: str) -> None:
        from tuiprov.screens.resync import ResyncScreen

        def answered(key: str | None) -> None:
            if key == "r":
                self.app.push_screen(ResyncScreen(session, targets))

        count = f"{len(targets):,} phone{'s' if len(targets) > 1 else ''}"
        choices = [("r", "resync these phones"), ("enter", "not now")]
        told = [words, f"Applied. {count} can be asked to fetch the new files now."]
        self.app.push_screen(Dialog("Applied", told, choices), answered)

    def action_help(self) -> None:
        """All keys of this screen, and what stands for the focused field."""
        lines = [*self.help_lines(), ""] if self.help_lines() else []
        for action in self._actions():
            keys = action.shown_key(self.navigator.key_overrides)
            columns = f"{keys:<8} {action.words:<14} ".replace(" ", HARD_BLANK)
            lines.append(columns + action.help)
        lines += ["", *self.typing_help()] if self.typing_help() else []
        self.app.push_screen(Dialog("Keys", lines, [("enter", "close")]))

    def help_lines(self) -> list[str]:
        """Help for what is in focus; none unless a screen knows better."""
        return []

    def typing_help(self) -> list[str]:
        """Keys that are no actions: those of a widget one types in."""
        return []

    def _actions(self) -> list[Action]:
        app = self.navigator
        return actions_of(self.where, demo=app.is_demo, may=app.may)


def _spelled(action: str, parameters: tuple[object, ...]) -> str:
    return f"{action}({', '.join(map(repr, parameters))})" if parameters else action


def _is(target: str, called: str) -> bool:
    """Does an action's target mean this call?"""
    return target.replace('"', "'") == called
