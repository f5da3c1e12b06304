"""The filter language: free words and `field:value`, with `-` in front for "not".

`--where 'model:T46S organization:acme -status:disabled anna'` on the command line, the same text in
the extensions list; the devices inventory knows `owner:`, `state:` and `serial:` besides. A value
matches when it is contained in the field, without regard to case; quotes hold a value with blanks
together. A choice (`status`, `model` …) or number must be equal.
"""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, false, func, not_, or_
from sqlalchemy import String as SqlString
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from tuiprov.data.models import Account, Device, Extension, Line
from tuiprov.data.sections import DEVICE_FIELDS, FIELDS
from tuiprov.errors import Refusal, Refused

_MAC_PART = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{0,2})+")
_NUL: Final = "\0"
"""No field holds it, and PostgreSQL takes no text with it."""
_FREE_TEXT = ("extension", "extension_name", "organization", "user", "friendly_name", "model")


def condition(text: str, user: Any, organization: Any) -> ColumnElement[bool]:
    """The SQL condition for a filter text; Refused names an unknown field.

    `user` and `organization` are the Account aliases of the query it is used in.
    """
    return and_(True, *(_word(word, user, organization) for word in _words(text)))


def device_condition(text: str, more: Mapping[str, Any]) -> ColumnElement[bool]:
    """The SQL condition on `Device` for a filter text; `more` are the columns that devices have
    besides the fields. A device matches a word when it does itself or on one of its lines; with
    `-` in front, when it does not and none of its lines does."""
    user, organization = aliased(Account), aliased(Account)
    found: list[ColumnElement[bool]] = []
    for word in _words(text):
        negated = word.startswith("-") and len(word) > 1
        matches = _found(word.removeprefix("-") if negated else word, user, organization, more)
        device = col(Device.id).in_(
            select(Device.id)
            .outerjoin(Line, col(Line.device_id) == Device.id)
            .outerjoin(Extension, col(Line.extension_id) == Extension.id)
            .outerjoin(user, col(Extension.user_id) == user.id)
            .outerjoin(organization, col(Device.organization_id) == organization.id)
            .where(matches)
            .correlate(None)
        )
        found.append(not_(device) if negated else device)
    return and_(True, *found)


def column_condition(
    text: str, known: Mapping[str, Any], exactly: Collection[str]
) -> ColumnElement[bool]:
    """The SQL condition for a filter text on rows with the columns `known`: `name:value` asks one
    of them (those in `exactly` must be equal), a free word any. Refused names an unknown one."""
    found: list[ColumnElement[bool]] = []
    for word in _words(text):
        negated = word.startswith("-") and len(word) > 1
        matches = _column_word(word.removeprefix("-") if negated else word, known, exactly)
        found.append(not_(matches) if negated else matches)
    return and_(True, *found)


def _column_word(
    word: str, known: Mapping[str, Any], exactly: Collection[str]
) -> ColumnElement[bool]:
    name, colon, value = word.partition(":")
    if colon and name in known:
        column = sql_cast(known[name], SqlString)
        return _is_in(column, value, exactly=name in exactly)
    if colon and name.isidentifier() and name.islower() and not _MAC_PART.fullmatch(word):
        raise Refused([Refusal(name, "is not a field to filter by", "filter")])
    return or_(*(_contains(sql_cast(column, SqlString), word) for column in known.values()))


_NOTHING_MORE: Final[Mapping[str, Any]] = {}


def _words(text: str) -> list[str]:
    lexer = shlex.shlex(text, posix=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    lexer.quotes = '"'
    lexer.escape = ""
    try:
        return list(lexer)
    except ValueError:  # an open quote while it is being typed
        return text.replace('"', "").split()


def _word(word: str, user: Any, organization: Any) -> ColumnElement[bool]:
    negated = word.startswith("-") and len(word) > 1
    word = word.removeprefix("-") if negated else word
    found = _found(word, user, organization)
    return not_(func.coalesce(found, False)) if negated else found


def _found(
    word: str, user: Any, organization: Any, more: Mapping[str, Any] = _NOTHING_MORE
) -> ColumnElement[bool]:
    name, colon, value = word.partition(":")
    if colon and name in more:
        return _is_in(more[name], value, exactly=name == "state")
    if colon and name in FIELDS:
        return _matches(name, value, user, organization)
    if colon and name.isidentifier() and name.islower() and not _MAC_PART.fullmatch(word):
        raise Refused([Refusal(name, "is not a field to filter by", "filter")])
    return or_(
        *(_contains(_column(field, user, organization), word) for field in _FREE_TEXT),
        _contains(func.replace(col(Device.mac), ":", ""), word.replace(":", "")),
        *(_contains(more[name], word) for name in ("serial",) if name in more),
    )


def _matches(name: str, value: str, user: Any, organization: Any) -> ColumnElement[bool]:
    if FIELDS[name].secret:
        raise Refused([Refusal(name, "is secret and cannot be searched", "filter")])
    column = _column(name, user, organization)
    if FIELDS[name].kind == "flag":
        wanted: ColumnElement[bool] = column == (value.lower() in ("yes", "true", "1", "on"))
        return wanted
    if name == "mac":
        return _contains(func.replace(column, ":", ""), value.replace(":", "").replace("-", ""))
    exactly = FIELDS[name].kind in ("choice", "number")
    return _is_in(sql_cast(column, SqlString) if exactly else column, value, exactly=exactly)


def _is_in(column: Any, value: str, *, exactly: bool) -> ColumnElement[bool]:
    if exactly and value and _NUL not in value:
        equal: ColumnElement[bool] = func.lower(column) == value.lower()
        return equal
    return _contains(column, value)


def _contains(column: Any, value: str) -> ColumnElement[bool]:
    if _NUL in value:
        return false()
    escaped = value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return or_(
        *(func.lower(column).like(f"%{one}%", escape="\\") for one in _spellings(escaped.lower()))
    )


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


def _column(name: str, user: Any, organization: Any) -> Any:
    if name == "organization":
        return organization.name
    if name == "user":
        return user.name
    if name == "line":
        return col(Line.number)
    if name in DEVICE_FIELDS:
        return getattr(Device, name)
    return getattr(Extension, name)
