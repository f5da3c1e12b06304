"""`tuiprov follow`: this host's publish tree is kept as the database says, whoever published.

At first every file on record is compared, later those that have a new version. PostgreSQL wakes us
in the moment a publish is recorded (NOTIFY in its transaction); SQLite is asked every second. What
is missed, by a lost connection or a killed process, is made up for by the next comparison: nothing
is noted on disk about how far it got, so nothing can be wrong about it.
"""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from tuiprov.data.history.versions import newest
from tuiprov.data.postgresql import Listener
from tuiprov.data.store import Store
from tuiprov.errors import TuiprovError
from tuiprov.publish.reconcile import bring_up_to, reconcile

ASKED_EVERY: Final = 1.0
"""Seconds between two looks where nothing wakes us."""
_ASKED_ANYWAY: Final = 60.0
"""Seconds between two looks where something does."""
_TRIED_AGAIN: Final = 2.0
"""Seconds after something failed."""


@dataclass
class Follower:
    """One publish tree that follows the database."""

    store: Store
    _root: str = ""
    """The tree that has been compared as a whole; "" for none yet."""
    _known: int = 0
    """The newest version that is in it."""

    def catch_up(self) -> int:
        """Bring the tree to what is recorded; gives how many files that were. TuiprovError when it
        cannot be done now: the next call does it."""
        root = self.store.site().publish_root
        with self.store.database.read() as session:
            latest = newest(session)
        if root != self._root:
            damage = reconcile(self.store)
            done = len(damage.wrong) + len(damage.left)
        elif latest > self._known:
            done = bring_up_to(self.store, self._known)
        else:
            return 0
        self._root, self._known = root, latest
        return done


@dataclass
class Following:
    """Following until `stop` is called, from a signal handler or another thread."""

    store: Store
    speak: Callable[[str], None]
    _pipe: tuple[int, int] = field(default_factory=os.pipe)
    _failing: str = ""

    def stop(self) -> None:
        os.write(self._pipe[1], b".")

    def run(self) -> None:
        """Follow. What fails is told once and tried again."""
        follower = Follower(self.store)
        self.speak(f"following into {self.store.site().publish_root}")
        try:
            while not self._followed(follower):
                pass
        finally:
            for handle in self._pipe:
                os.close(handle)

    def _followed(self, follower: Follower) -> bool:
        """Follow while all goes well; True when it was stopped."""
        try:
            with self.store.database.listen() as listener:
                while True:
                    done = follower.catch_up()
                    self._well(done)
                    if self._stopped(listener):
                        return True
        except TuiprovError as error:
            self._ill(str(error))
            return self._stopped(None, _TRIED_AGAIN)

    def _stopped(self, listener: Listener | None, seconds: float = 0.0) -> bool:
        """Wait until there may be something to do; True when it was stopped."""
        ears: list[int | Listener] = [self._pipe[0]]
        if listener is not None:
            ears.append(listener)
        longest = seconds or (_ASKED_ANYWAY if listener else ASKED_EVERY)
        ready, _, _ = select.select(ears, [], [], longest)
        if listener is not None and listener in ready:
            listener.hear()
        return self._pipe[0] in ready

    def _well(self, done: int) -> None:
        if done:
            self.speak(f"{done} {'file' if done == 1 else 'files'} written or deleted")
        self._failing = ""

    def _ill(self, words: str) -> None:
        if words != self._failing:
            self.speak(words)
        self._failing = words
