"""Who may do what: one table of rules, and how an operation declares which of them it needs.

Every operation of the store carries `@needs(...)`, and asks `require` inside its transaction with
what it knows of the record. Rules: VoipNow, *Provisioning permission levels*, *Set Up … Roles*,
*SIP Devices* and *The provisioning process* (`PERMISSIONS` says which sentence each line is); what
these leave open is our choice. Which single field of a page is open is in `gates.py`.

Words of the table:

- own: what the viewer's own account has: its level (`none`, `view`, `modify`), and `sip` and
  `trunking` for the two other permissions.
- relation of an account: `self`, `child` (directly below), `below` (further down).
- relation of a device: `own-free` (the viewer owns it, nobody uses it), `own-used`, `child` (owned
  by an account below), `higher-free`, `higher-used` (owned by an account above, and used by one
  below or by the viewer's own extensions).
- relation of a template: `own`, `child`, `higher`.
- child: the level of the account below that owns the device or that it is assigned to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.errors import NotAllowed

_ANY = "*"


@dataclass(frozen=True, slots=True)
class Rule:
    """Allows `operation` to viewers and records that match all columns; a column holds words, one
    of which must be the case's, or `*`."""

    operation: str
    roles: str
    own: str = _ANY
    relation: str = _ANY
    child: str = _ANY


@dataclass(frozen=True, slots=True)
class Case:
    """One viewer's view of one record: what the columns of the table are compared with."""

    role: str
    own: frozenset[str]
    relation: str = ""
    child: str = ""


_ABOVE = "provider organization"  # who has accounts below

PERMISSIONS: Final = (
    # Everybody sees and edits the pages within reach; `gates.py` says which fields.
    Rule("site.see", _ANY),
    Rule("site.change", "system"),
    Rule("extensions.see", _ANY),
    Rule("extensions.edit", _ANY),
    Rule("extensions.add", f"system {_ABOVE}"),
    Rule("extensions.identify", f"system {_ABOVE}"),
    Rule("extensions.remove", f"system {_ABOVE}"),
    # Moving one is removing it here and adding it there (our choice: VoipNow moves none).
    Rule("extensions.move", f"system {_ABOVE}"),
    # New SIP passwords for many: for who may set one (and publishes: `rotate.py`).
    Rule("passwords.rotate", "system"),
    Rule("passwords.rotate", _ABOVE, own="sip"),
    Rule("drafts.keep", _ANY),
    # How one's own lists look: filters and columns of the viewer's account, of no other.
    Rule("views.keep", _ANY),
    Rule("events.record", _ANY),
    # History: of what one did oneself; the administrator of everything (`archive.py`, `undo.py`).
    Rule("history.see", _ANY),
    Rule("history.undo", _ANY),
    # Files: View sees them, Modify makes them and may see the passwords in them.
    Rule("files.see", "system"),
    Rule("files.see", _ANY, own="view modify"),
    Rule("files.publish", "system"),
    Rule("files.publish", _ANY, own="modify"),
    # Accounts. A level is set by the parent; View may lower a child's Modify, not give it back.
    Rule("accounts.see", f"system {_ABOVE} user"),
    Rule("accounts.add", "system"),
    Rule("accounts.add", _ABOVE, relation="child below"),
    Rule("accounts.edit", "system"),
    Rule("accounts.edit", f"{_ABOVE} user", relation="self child below"),
    Rule("accounts.remove", "system"),
    Rule("accounts.remove", _ABOVE, relation="child below"),
    Rule("accounts.login", "system"),
    Rule("accounts.see_level", "system"),
    Rule("accounts.see_level", _ANY, relation="self"),
    Rule("accounts.see_level", _ABOVE, own="view modify", relation="child below"),
    Rule("accounts.set_none", "system"),
    Rule("accounts.set_none", _ABOVE, own="view modify", relation="child"),
    Rule("accounts.set_view", "system"),
    Rule("accounts.set_view", _ABOVE, own="view modify", relation="child"),
    Rule("accounts.set_modify", "system"),
    Rule("accounts.set_modify", _ABOVE, own="modify", relation="child"),
    Rule("accounts.set_sip", "system"),
    Rule("accounts.set_sip", _ABOVE, own="sip", relation="child"),
    Rule("accounts.set_trunking", "system"),
    Rule("accounts.set_trunking", _ABOVE, own="trunking", relation="child"),
    # Devices. With None the inventory is not shown at all.
    Rule("devices.see", "system"),
    Rule("devices.see", _ANY, own="view modify"),
    Rule("devices.add", "system"),
    Rule("devices.add", _ABOVE, own="modify", relation="own-free own-used child"),
    Rule("devices.add", _ABOVE, own="view", relation="own-free"),
    Rule("devices.add", _ABOVE, own="view", relation="own-used child", child="modify"),
    Rule("devices.add", "user", own="modify", relation="own-free own-used"),
    Rule("devices.edit", "system"),
    Rule("devices.edit", _ABOVE, own="modify"),
    Rule("devices.edit", _ABOVE, own="view", relation="own-free"),
    Rule("devices.edit", _ABOVE, own="view", relation="own-used child", child="modify"),
    Rule("devices.edit", "user", own="modify", relation="own-free own-used higher-used"),
    Rule("devices.edit", "terminal", own="modify", relation="own-used higher-used"),
    Rule("devices.remove", "system"),
    Rule("devices.remove", _ABOVE, own="modify"),
    Rule("devices.remove", _ABOVE, own="view", relation="own-free"),
    Rule("devices.remove", _ABOVE, own="view", relation="own-used child", child="modify"),
    Rule("devices.remove", "user", own="modify", relation="own-free own-used"),
    Rule("devices.clear", "system"),
    Rule("devices.clear", _ABOVE, own="modify"),
    Rule("devices.clear", _ABOVE, own="view", relation="higher-used"),
    Rule("devices.clear", _ABOVE, own="view", relation="own-used child", child="modify"),
    Rule("devices.clear", "user", own="modify", relation="own-used higher-used"),
    # Whom a device is assigned to: `child` is the level of the account that gets it.
    Rule("devices.assign", "system"),
    Rule("devices.assign", _ABOVE, own="modify"),
    Rule("devices.assign", _ABOVE, own="view", relation="own-free own-used child", child="modify"),
    # A user takes a free device of an account above into use for an extension of its own.
    Rule(
        "devices.assign",
        "user",
        own="modify",
        relation="own-free own-used higher-free higher-used",
    ),
    # Phones are told to fetch by who may publish to them.
    Rule("devices.resync", "system"),
    Rule("devices.resync", _ANY, own="modify"),
    # What phones fetched: like the inventory, for the devices within reach.
    Rule("fetches.see", "system"),
    Rule("fetches.see", _ANY, own="view modify"),
    # Templates. The administrator sees only the administrator's own.
    Rule("templates.see", "system", relation="own"),
    Rule("templates.see", f"{_ABOVE} user", own="view modify", relation="own higher child"),
    Rule("templates.use", "system", relation="own"),
    Rule("templates.use", f"{_ABOVE} user", own="modify", relation="own higher child"),
    Rule("templates.add", "system", relation="own"),
    Rule("templates.add", f"{_ABOVE} user", own="modify", relation="own"),
    Rule("templates.edit", "system", relation="own"),
    Rule("templates.edit", f"{_ABOVE} user", own="modify", relation="own child"),
    Rule("templates.remove", "system", relation="own"),
    Rule("templates.remove", f"{_ABOVE} user", own="modify", relation="own child"),
)

OPERATIONS: Final = frozenset(rule.operation for rule in PERMISSIONS)

Call = TypeVar("Call", bound=Callable[..., Any])


def needs(operation: str) -> Callable[[Call], Call]:
    """Declare which permission an operation of the store needs. The test suite fails for one that
    declares none, and calls each as every role."""
    if operation not in OPERATIONS:
        raise ValueError(f"{operation} is not in the table of permissions")

    def declared(call: Call) -> Call:
        call.__dict__["operation"] = operation
        return call

    return declared


def internal(call: Call) -> Call:
    """Declare that a method is a part of other operations, which ask the permission: it takes no
    viewer, and no screen or command calls it."""
    call.__dict__["operation"] = ""
    return call


def case_of(viewer: Viewer, relation: str = "", child: str = "") -> Case:
    own: set[str] = {viewer.provision}
    if viewer.sip_management:
        own.add("sip")
    if viewer.sip_trunking_management:
        own.add("trunking")
    return Case(viewer.role, frozenset(own), relation, child)


def may(viewer: Viewer, operation: str, relation: str = "", child: str = "") -> bool:
    """Does the table allow it?"""
    case = case_of(viewer, relation, child)
    return any(_matches(rule, case) for rule in PERMISSIONS if rule.operation == operation)


def may_ever(viewer: Viewer, operation: str) -> bool:
    """Does the table allow it on any record at all? Where not, the action is not even shown."""
    case = case_of(viewer)
    return any(
        _has(rule.roles, {case.role}) and _has(rule.own, case.own)
        for rule in PERMISSIONS
        if rule.operation == operation
    )


def why_not(viewer: Viewer, operation: str, relation: str = "", child: str = "") -> str:
    """Why the table does not allow it, in words to show beside the record; "" when it does."""
    if may(viewer, operation, relation, child):
        return ""
    case = case_of(viewer, relation, child)
    rules = [r for r in PERMISSIONS if r.operation == operation and _has(r.roles, {case.role})]
    if not rules:
        return f"{viewer.label} may not do this"
    rules = [rule for rule in rules if _has(rule.own, case.own)]
    if not rules:
        return _OWN_IS_SHORT.get(operation, "needs Allow to provision devices: Modify")
    if any(_has(rule.relation, {case.relation}) for rule in rules):
        return "neither its owner nor whom it is assigned to may modify devices"
    words = _RELATION_OF.get((operation, relation)) or _RELATION.get(relation)
    return words or "it belongs to another account"


_OWN_IS_SHORT: Final = {
    "accounts.set_none": "your own account may not provision devices",
    "accounts.set_view": "your own account may not provision devices",
    "accounts.set_modify": "your own account has not Modify: you may lower a level, not raise it",
    "accounts.set_sip": "your own account has not Phone extension SIP management",
    "accounts.set_trunking": "your own account has not SIP trunking management",
    "devices.see": "your account may not provision devices",
    "fetches.see": "your account may not provision devices",
    "templates.see": "your account may not provision devices",
}
_RELATION: Final = {
    "self": "set by the account above",
    "below": "set by the account directly above it",
    "higher-free": "it belongs to an account above yours",
    "higher-used": "it belongs to an account above: only its assignment can be cleared",
    "higher": "it belongs to an account above yours",
}
_RELATION_OF: Final = {
    ("accounts.remove", "self"): "an account is removed by the one above it",
}


def require(viewer: Viewer, operation: str, relation: str = "", child: str = "") -> None:
    """NotAllowed, with the reason, unless the table allows it."""
    reason = why_not(viewer, operation, relation, child)
    if reason:
        raise NotAllowed(reason)


def _matches(rule: Rule, case: Case) -> bool:
    return (
        _has(rule.roles, {case.role})
        and _has(rule.own, case.own)
        and _has(rule.relation, {case.relation})
        and _has(rule.child, {case.child})
    )


def _has(column: str, words: frozenset[str] | set[str]) -> bool:
    return column == _ANY or not words.isdisjoint(column.split())
