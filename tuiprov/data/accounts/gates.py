"""May this viewer see or change this field of an account now, what goes along with a change, and
what cannot be taken back.

Pure: the account as it would be stored, how it stands to the viewer, and the viewer in; an answer
out. The accounts screen draws it, `tree.py` refuses a write against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tuiprov.data.accounts.fields import LEVELS
from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.fields import Value, Values
from tuiprov.data.gate import HIDDEN, OPEN, Gate, closed
from tuiprov.data.models import SYSTEM
from tuiprov.data.permissions import may, why_not

NEEDS_SIP: Final = "needs Phone extension SIP management"
CANNOT_RESTORE: Final = "your own account has not Modify: once lowered, you cannot give Modify back"
TAKES_TRUNKING_ALONG: Final = (
    "SIP trunking management goes with Phone extension SIP management and does not come back "
    "with it."
)

_FLAGS: Final = {
    "sip_management": "accounts.set_sip",
    "sip_trunking_management": "accounts.set_trunking",
}
SYSTEM_HAS: Final[Mapping[str, Value]] = {
    "provision_permission": "modify",
    **dict.fromkeys(_FLAGS, True),
}
"""The system administrator's permissions, whatever is stored."""


def account_gate(field: str, kind: str, relation: str, values: Values, viewer: Viewer) -> Gate:
    """The answer for one field of an account of this `kind` that stands in this `relation` (words
    of `kinship.relation`) to the viewer."""
    if field == "os_login":
        return OPEN if may(viewer, "accounts.login") else HIDDEN
    if kind == SYSTEM and field in SYSTEM_HAS:
        return closed("the system administrator may do everything", by_role=True)
    if field == "provision_permission":
        return _level_gate(relation, viewer)
    if field in _FLAGS:
        return _flag_gate(field, relation, values, viewer)
    reason = why_not(viewer, "accounts.edit", relation)
    if not reason and field == "name" and relation == "self" and not viewer.is_administrator:
        reason = "set by the account above"
    return closed(reason, by_role=True) if reason else OPEN


def levels_for(relation: str, stored: Value, viewer: Viewer) -> tuple[tuple[str, str], ...]:
    """Levels of Allow to provision devices that the viewer may choose, the stored one too: value
    and words."""
    return tuple(
        (level, words)
        for level, words in LEVELS
        if level == stored or may(viewer, f"accounts.set_{level}", relation)
    )


def level_refusal(relation: str, stored: Value, wanted: Value, viewer: Viewer) -> str:
    """Why the viewer may not change a level from `stored` to `wanted`, or ""."""
    if wanted == stored:
        return ""
    return why_not(viewer, f"accounts.set_{wanted}", relation)


def taken_along(values: Values) -> dict[str, Value]:
    """What an account cannot keep when it has these values: SIP trunking management needs Phone
    extension SIP management."""
    return {} if values["sip_management"] else {"sip_trunking_management": False}


def cannot_be_undone(
    relation: str, stored: Values, wanted: Values, viewer: Viewer
) -> dict[str, str]:
    """Field → what saving it takes away that does not come back, or not by this viewer."""
    said = {}
    level = "provision_permission"
    is_lowered = stored[level] == "modify" and wanted[level] != "modify"
    if is_lowered and not may(viewer, "accounts.set_modify", relation):
        said[level] = CANNOT_RESTORE
    if stored["sip_trunking_management"] and not wanted["sip_management"]:
        said["sip_management"] = TAKES_TRUNKING_ALONG
    return said


def _level_gate(relation: str, viewer: Viewer) -> Gate:
    reason = why_not(viewer, "accounts.set_none", relation)
    if not may(viewer, "accounts.see_level", relation):
        return Gate("hidden", reason, by_role=True)
    return closed(reason, by_role=True) if reason else OPEN


def _flag_gate(field: str, relation: str, values: Values, viewer: Viewer) -> Gate:
    reason = why_not(viewer, _FLAGS[field], relation)
    if reason:
        return closed(reason, by_role=True)
    if field == "sip_trunking_management" and not values["sip_management"]:
        return closed(NEEDS_SIP)
    return OPEN
