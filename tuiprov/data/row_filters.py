"""The filter language for lists that are read whole: accounts and templates.

The same words as `filters.py` takes, asked of rows as the viewer sees them: what is hidden in a row
is empty there, and cannot be asked for either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tuiprov.data.accounts.fields import LEVELS
from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.filter_words import Word, comparison, meant, number, words
from tuiprov.data.filters import FLAGS, Asker, not_too_many, saved_words, wrong
from tuiprov.data.models import ORGANIZATION, PROVIDER, SYSTEM, USER
from tuiprov.data.permissions import may
from tuiprov.text import in_words

Test = Callable[[Any], bool]

_YES_NO: Final = ("yes", "no")
_LOGIN: Final = "os_login"


@dataclass(frozen=True, slots=True)
class Rows:
    """What may be asked of a list: the attributes of its rows, each with its words where these are
    declared, and those of them that a free word is looked for in."""

    fields: Mapping[str, Sequence[str]]
    free: Sequence[str]


LISTS: Final[Mapping[str, Rows]] = {
    "accounts": Rows(
        {
            "name": (),
            "kind": (SYSTEM, PROVIDER, ORGANIZATION, USER),
            "level": tuple(level for level, _ in LEVELS),
            "sip_management": _YES_NO,
            "sip_trunking_management": _YES_NO,
            _LOGIN: (),
            "extensions": (),
        },
        ("name", _LOGIN, "kind"),
    ),
    "templates": Rows(
        {
            "name": (),
            "owner": (),
            "manufacturer": (),
            "models": (),
            "firmware": (),
            "files": (),
            "used_by": (),
            "is_outdated": _YES_NO,
        },
        ("name", "owner", "manufacturer", "models", "firmware"),
    ),
}


def fields_of(list: str, viewer: Viewer) -> dict[str, Sequence[str]]:
    """What this viewer may ask of the list, each with its declared words."""
    hidden = () if may(viewer, "accounts.login") else (_LOGIN,)
    return {name: known for name, known in LISTS[list].fields.items() if name not in hidden}


def matcher(text: str, asker: Asker) -> Test:
    """Does a row of the asker's list match the filter text? Refused says what is wrong with it."""
    tests: list[Test] = []
    asked = 0
    for word in not_too_many(words(text)):
        inner = saved_words(word.saved, asker) if word.saved else [word]
        asked += len(not_too_many(inner, asked))
        found = [_word(one, asker) for one in inner]
        tests.append(_none(found) if word.saved and word.is_denied else _every(found))
    return _every(tests)


def _every(tests: Sequence[Test]) -> Test:
    return lambda row: all(test(row) for test in tests)


def _none(tests: Sequence[Test]) -> Test:
    return lambda row: not all(test(row) for test in tests)


def _word(word: Word, asker: Asker) -> Test:
    try:
        test = _asked(word, asker) if word.name else _free(word.value, LISTS[asker.list].free)
    except ValueError as error:
        raise wrong(word.name, str(error)) from None
    return _none([test]) if word.is_denied and test is not _any else test


def _any(_row: Any) -> bool:
    """For a word that is still being typed."""
    return True


def _free(value: str, names: Sequence[str]) -> Test:
    wanted = value.lower()
    return lambda row: any(wanted in str(getattr(row, name)).lower() for name in names)


def _asked(word: Word, asker: Asker) -> Test:
    known = fields_of(asker.list, asker.viewer)
    if word.name not in known:
        raise ValueError("is not a field to filter by")
    if not word.value.strip("<>= "):
        return _any
    if known[word.name] == _YES_NO:
        flags = meant(word.value, FLAGS)
        if not flags:
            raise ValueError("must be yes or no")
        return lambda row: getattr(row, word.name) in flags
    if known[word.name]:
        return _declared(word, known[word.name])
    compare, sign, rest = comparison(word.value)
    if sign or word.name in _NUMBERS:
        return _number(word.name, compare, number(rest))
    return _free(word.value, [word.name])


_NUMBERS: Final = ("extensions", "files", "used_by")


def _declared(word: Word, known: Sequence[str]) -> Test:
    wanted = meant(word.value, {one: one for one in known})
    if not wanted:
        raise ValueError(f"must be {in_words(known)}")
    return lambda row: getattr(row, word.name) in wanted


def _number(name: str, compare: Callable[[Any, Any], Any], wanted: int) -> Test:
    if name not in _NUMBERS:
        raise ValueError("is no number that could be compared")
    return lambda row: bool(compare(getattr(row, name) or 0, wanted))
