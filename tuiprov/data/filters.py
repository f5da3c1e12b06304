"""The filter language in SQL: free words and `field:value`, with `-` in front for "not".

`--where 'model:T46S organization:acme firmware:<84 fetched:>7d -status:disabled anna'` on the
command line, the same text in the lists. A value matches when it is contained in the field, without
regard to case; quotes hold a value with blanks together. A choice, a flag or a number must be equal
(of declared words the beginning is enough), and numbers, versions and ages are compared by `<`,
`<=`, `>` and `>=`. `@name` stands for a filter that the viewer's account has saved. What the viewer
is not shown cannot be asked for either.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, false, func, not_, or_
from sqlalchemy import String as SqlString
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.fields import Choice
from tuiprov.data.filter_words import (
    NEVER,
    Word,
    age,
    comparison,
    meant,
    number,
    version,
    wanted_version,
    words,
)
from tuiprov.data.models import Account, Device, Extension, Line
from tuiprov.data.permissions import may
from tuiprov.data.sections import DEVICE_FIELDS, FIELDS
from tuiprov.errors import Refusal, Refused

NOT_PROVISIONED: Final = "not provisioned"
_OF_FILES: Final = ("disabled", "published", "stale", "publishing", "failed")
STATES: Final[Mapping[str, Mapping[str, str]]] = {
    "extensions": {"none": NOT_PROVISIONED, **{word: word for word in _OF_FILES}},
    "devices": {word: word for word in ("unassigned", *_OF_FILES)},
}
"""What `state:` may be in each list → what the database calls it."""
AGES: Final = ("published", "fetched")
"""Fields that ask how long ago something was."""
SEEN: Final = "firmware_seen"
"""The firmware that a phone named when it last asked for a file."""
VERSIONS: Final = frozenset({"firmware", SEEN})
"""Fields of which there are few values, to be compared as versions."""

MOST_WORDS: Final = 100

_NUL: Final = "\0"
"""No field holds it, and PostgreSQL takes no text with it."""
_FREE_TEXT: Final = ("extension", "extension_name", "organization", "user")
_FREE_TEXT_OF_DEVICE: Final = ("friendly_name", "model")
FLAGS: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("yes", "true", "1", "on"), True),
    **dict.fromkeys(("no", "false", "0", "off"), False),
}

Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Asker:
    """Who filters, in which session, and which list: `extensions`, `devices` or a `Log`'s."""

    session: Session
    viewer: Viewer
    list: str = "extensions"

    @property
    def sees_devices(self) -> bool:
        return may(self.viewer, "files.see")


def condition(text: str, asker: Asker, user: Any, organization: Any) -> Condition:
    """The SQL condition for a filter text on extensions; Refused says what is wrong with it.

    `user` and `organization` are the Account aliases of the query it is used in.
    """
    rows = _Rows(asker, user, organization, {"state": _extension_state()})

    def one(word: Word) -> Condition | None:
        found = rows.found(word)
        return not_(func.coalesce(found, False)) if word.is_denied and found is not None else found

    return _every(text, asker, one)


def device_condition(text: str, asker: Asker, more: Mapping[str, Any]) -> Condition:
    """The SQL condition on `Device` for a filter text; `more` are the columns that devices have
    besides the fields. A device matches a word when it does itself or on one of its lines; with
    `-` in front, when it does not and none of its lines does."""
    user, organization = aliased(Account), aliased(Account)
    rows = _Rows(asker, user, organization, more)

    def one(word: Word) -> Condition | None:
        found = rows.found(word)
        if found is None:
            return None
        device = col(Device.id).in_(
            select(Device.id)
            .outerjoin(Line, col(Line.device_id) == Device.id)
            .outerjoin(Extension, col(Line.extension_id) == Extension.id)
            .outerjoin(user, col(Extension.user_id) == user.id)
            .outerjoin(organization, col(Device.organization_id) == organization.id)
            .where(found)
            .correlate(None)
        )
        return not_(device) if word.is_denied else device

    return _every(text, asker, one)


@dataclass(frozen=True, slots=True)
class Log:
    """A list of what happened: `name:value` asks one of its `columns` (those in `exactly` must be
    equal), a free word any. `seen` makes a query on its rows one of those that the viewer sees."""

    columns: Mapping[str, Any]
    exactly: frozenset[str]
    seen: Callable[[Session, Viewer, Any], Any]

    def texts(self) -> dict[str, Any]:
        """The columns as texts, by name."""
        return {name: sql_cast(column, SqlString) for name, column in self.columns.items()}


def log_of(list: str) -> Log | None:
    """The log that this is the list of; None: it is one of extensions or devices."""
    if list == "requests":
        from tuiprov.data.fetches import REQUESTS

        return REQUESTS
    if list == "history":
        from tuiprov.data.history.archive import OPERATIONS

        return OPERATIONS
    return None


def log_condition(text: str, asker: Asker, log: Log) -> Condition:
    """The SQL condition for a filter text on the rows of a log. Refused names an unknown field."""

    def one(word: Word) -> Condition:
        matches = _in_log(word, log)
        return not_(matches) if word.is_denied else matches

    return _every(text, asker, one)


def _in_log(word: Word, log: Log) -> Condition:
    texts = log.texts()
    if word.name in texts:
        return _is_in(texts[word.name], word.value, exactly=word.name in log.exactly)
    if word.name:
        raise wrong(word.name, "is not a field to filter by")
    return or_(*(_contains(column, word.value) for column in texts.values()))


def _every(text: str, asker: Asker, one: Callable[[Word], Condition | None]) -> Condition:
    found: list[Condition] = []
    asked = 0
    for word in not_too_many(words(text)):
        inner = saved_words(word.saved, asker) if word.saved else [word]
        asked += len(not_too_many(inner, asked))
        matches = [m for each in inner if (m := one(each)) is not None]
        if word.saved and word.is_denied:
            found.append(not_(func.coalesce(and_(True, *matches), False)))
        else:
            found += matches
    return and_(True, *found)


def not_too_many(found: list[Word], before: int = 0) -> list[Word]:
    """SQLite takes a thousand conditions, and nobody means as many."""
    if before + len(found) > MOST_WORDS:
        raise wrong("", f"holds more than {MOST_WORDS} words")
    return found


def saved_words(name: str, asker: Asker) -> list[Word]:
    """The words of a filter that the viewer's account has saved; Refused when there is none."""
    from tuiprov.data.views import saved_text

    return words(saved_text(asker.session, asker.viewer, asker.list, name))


def wrong(name: str, reason: str) -> Refused:
    """What is said of a word that cannot be asked."""
    return Refused([Refusal(name, reason, "filter")])


# -- one word -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Rows:
    """The columns that the words of a filter ask. `more`: those that are no field."""

    asker: Asker
    user: Any
    organization: Any
    more: Mapping[str, Any]

    def found(self, word: Word) -> Condition | None:
        """Does a row match the word, taken without its `-`? None: as it stands it asks nothing,
        because it is still being typed."""
        if not word.name:
            return self._free(word.value)
        try:
            return self._asked(word.name, word.value)
        except ValueError as error:
            raise wrong(word.name, str(error)) from None

    def _free(self, value: str) -> Condition:
        seen = _FREE_TEXT + (_FREE_TEXT_OF_DEVICE if self.asker.sees_devices else ())
        found = [_contains(self._column(name), value) for name in seen]
        if self.asker.sees_devices:
            found.append(_contains(func.replace(col(Device.mac), ":", ""), value.replace(":", "")))
        if "serial" in self.more:
            found.append(_contains(self.more["serial"], value))
        return or_(*found)

    def _asked(self, name: str, value: str) -> Condition | None:
        if not can_ask(name, self.asker.list):
            raise ValueError("is not a field to filter by")
        if name in FIELDS and FIELDS[name].secret:
            raise ValueError("is secret and cannot be searched")
        if not is_shown(name, self.asker.viewer):
            raise ValueError("is not shown to you")
        if name == "state":
            return self._state(value)
        if name in AGES:
            return _aged(value, _fetched_since if name == "fetched" else self._published_since)
        if name == SEEN:
            return self._seen(value)
        if name in self.more:
            return _is_in(self.more[name], value, exactly=False)
        return self._in_field(name, value)

    def _in_field(self, name: str, value: str) -> Condition | None:
        field, column = FIELDS[name], self._column(name)
        if name == "mac":
            return _contains(func.replace(column, ":", ""), value.replace(":", "").replace("-", ""))
        if name in VERSIONS:
            return self._version(column, value)
        if field.kind == "number":
            return _number(column, value)
        if field.kind == "flag":
            return _one_of(column, _words_meant(value, FLAGS, field.parse))
        if isinstance(field, Choice) and field.options:
            known = {words.lower(): stored for stored, words in field.options}
            known |= {stored.lower(): stored for stored, _ in field.options}
            return _one_of(column, _words_meant(value, known, field.parse))
        return _is_in(column, value, exactly=field.kind == "choice")

    def _state(self, value: str) -> Condition:
        known = STATES[self.asker.list]
        named = Choice(label="", help="", options=tuple((word, word) for word in known))
        return _one_of(self.more["state"], _words_meant(value, known, named.parse))

    def _seen(self, value: str) -> Condition | None:
        """A phone tells its firmware to the last digit, so a part of it will do: `66.84`."""
        from tuiprov.data.kept import FirmwareSeen

        asked = self._version(col(FirmwareSeen.firmware), value, exactly=False)
        return (
            None
            if asked is None
            else col(Device.id).in_(
                select(FirmwareSeen.device_id).where(asked, col(FirmwareSeen.firmware) != "")
            )
        )

    def _version(self, column: Any, value: str, *, exactly: bool = True) -> Condition | None:
        """Versions are no texts and no numbers, so those that there are, few, are compared here."""
        compare, sign, rest = comparison(value)
        if not sign:
            return _is_in(column, value, exactly=exactly)
        if not rest:
            return None
        wanted = wanted_version(rest)
        known = self.asker.session.execute(select(col(column)).distinct()).scalars()
        return _one_of(column, [v for v in known if v and compare(version(v), wanted)])

    def _published_since(self, moment: datetime | None) -> Condition:
        column = self.more.get("published", col(Device.published_at))
        is_there = and_(col(Device.id).is_not(None), column.is_not(None))
        return is_there if moment is None else and_(is_there, column > moment)

    def _column(self, name: str) -> Any:
        return column_of(name, self.user, self.organization)


def column_of(name: str, user: Any, organization: Any) -> Any:
    """The SQL column of a field, in a query with these aliases."""
    if name == "organization":
        return organization.name
    if name == "user":
        return user.name
    if name == "line":
        return col(Line.number)
    return getattr(Device if name in DEVICE_FIELDS else Extension, name)


OF_DEVICES: Final = ("owner", "serial")


def can_ask(name: str, list: str) -> bool:
    """Is this a field to filter this list by, as far as it is not secret?"""
    of_list = ("state", SEEN, *AGES, *(OF_DEVICES if list == "devices" else ()))
    return name in FIELDS or name in of_list


def is_shown(name: str, viewer: Viewer) -> bool:
    """Is this viewer shown the field? Whom its page does not show one, no filter tells it."""
    if viewer.is_administrator:
        return True
    if name in FIELDS:
        from tuiprov.data.gates import hides

        return not hides(name, viewer)
    return may(viewer, "files.see")


def _extension_state() -> Any:
    """What the list of extensions calls the state of one, in SQL."""
    return case(
        (~and_(col(Extension.use_provisioning), col(Device.id).is_not(None)), NOT_PROVISIONED),
        (col(Device.status) == "disabled", "disabled"),
        else_=Device.publish_state,
    )


def _one_of(column: Any, values: Collection[Any]) -> Condition:
    found: Condition = column.in_(values)
    return found


def _words_meant(value: str, known: Mapping[str, Any], parse: Callable[[str], Any]) -> list[Any]:
    return meant(value, known) or [parse(value)]  # which says the words that are right


def _number(column: Any, value: str) -> Condition | None:
    compare, sign, rest = comparison(value)
    if not rest:
        return None if sign else column.is_not(None)
    found: Condition = compare(column, number(rest))
    return found


def _aged(value: str, since: Callable[[datetime | None], Condition]) -> Condition | None:
    """`since` gives the condition that it was after a moment; None: at all."""
    if meant(value, {NEVER: ""}) and value:
        return and_(col(Device.id).is_not(None), not_(since(None)))
    _, sign, rest = comparison(value)
    if not rest and sign != "=":
        return None
    if sign in ("", "="):
        age("")  # which says what is right
    after = since(datetime.now(UTC) - age(rest))
    return after if sign.startswith("<") else and_(since(None), not_(after))


def _fetched_since(moment: datetime | None) -> Condition:
    """Was the device sent a file whole? Asked device by device of an index, which takes as long
    for a long log as for a short one."""
    from tuiprov.data.kept import Fetch

    sent = select(Fetch.id).where(
        col(Fetch.device_id) == Device.id, col(Fetch.version_id).is_not(None)
    )
    if moment is not None:
        sent = sent.where(col(Fetch.at) > moment)
    return sent.correlate(Device).exists()


# -- texts ----------------------------------------------------------------------------------------


def _is_in(column: Any, value: str, *, exactly: bool) -> Condition:
    if exactly and value and _NUL not in value:
        equal: Condition = func.lower(column) == value.lower()
        return equal
    return _contains(column, value)


def _contains(column: Any, value: str) -> Condition:
    return _like(column, value, "%")


def begins(column: Any, value: str) -> Condition:
    """Does a text begin like this, without regard to case?"""
    return _like(column, value, "")


def _like(column: Any, value: str, before: str) -> Condition:
    if _NUL in value:
        return false()
    escaped = value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    found = (f"{before}{one}%" for one in _spellings(escaped.lower()))
    return or_(*(func.lower(column).like(one, escape="\\") for one in found))


def _spellings(text: str) -> list[str]:
    """`text` with each letter beyond ASCII in both cases: SQLite's lower() knows ASCII only. The
    first four such letters; the others as they are."""
    beyond = [i for i, char in enumerate(text) if char > "\x7f" and len(char.upper()) == 1][:4]
    found = []
    for choice in itertools.product((str.lower, str.upper), repeat=len(beyond)):
        chars = list(text)
        for place, change in zip(beyond, choice, strict=True):
            chars[place] = change(chars[place])
        found.append("".join(chars))
    return list(dict.fromkeys(found))
