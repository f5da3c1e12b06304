"""The plan: which files would be written, replaced and deleted, and what changes in each.

Every save, bulk edit and import ends here; `apply.py` carries a plan out. Planning reads the disk
and changes nothing. A second plan after an apply is empty.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Final, Literal

from tuiprov.data.catalog import FormatName
from tuiprov.data.page import CustomTemplate, Page, Phone, Stamp
from tuiprov.data.site import PBX_DIRECTORY, Site
from tuiprov.errors import RenderError, TemplateFault
from tuiprov.publish.crew import ahead
from tuiprov.publish.examining import Difference, Examined, examine, is_shared
from tuiprov.publish.masking import Masking, maskings
from tuiprov.publish.tree import Tree
from tuiprov.render.bootstrap import is_bootstrap

Kind = Literal["write", "replace", "delete"]

_AT_ONCE: Final = 200
"""How many phones with a template of an account are rendered together."""
_MOST_SHOWN: Final = 200
"""Of how many such phones a plan shows what changes: each costs three more renderings."""
NO_FILE: Final = "no phone's file holds what is changed here: only the database is written"

_SHORTEST_WORD = 3
"""A shorter number or name could be anything in a file."""


@dataclass(frozen=True)
class Change:
    """One file of a plan. `path` is inside the publish root; `device_id` None: a shared file.

    `before` and `after` are both texts with their secrets masked; both empty: the same bytes are
    written again, for their group and mode. Masking costs three renderings more than making the
    file, so for most files `late` gives both when somebody looks.
    """

    kind: Kind
    path: str
    device_id: int | None
    data: bytes = b""
    before: str = ""
    after: str = ""
    phone: Phone | None = field(default=None, compare=False, repr=False)
    """Whose file it is, where that is known."""
    readers: tuple[int, ...] = ()
    """Of a shared file: the plan's devices that read it."""
    format: FormatName | None = None
    """The format of its text; None: not known any more (a file that goes)."""
    late: Callable[[], tuple[str, str]] | None = field(default=None, compare=False, repr=False)

    @property
    def shown_before(self) -> str:
        """What the file was, as it may be shown."""
        return self._shown[0]

    @property
    def shown_after(self) -> str:
        """What the file will be, as it may be shown."""
        return self._shown[1]

    @cached_property
    def _shown(self) -> tuple[str, str]:
        return (self.before, self.after) if self.late is None else self.late()

    @property
    def own(self) -> tuple[tuple[str, str], ...]:
        """Words in the texts that are this device's alone, and what stands for them where many
        devices are shown at once."""
        return own_words(self.phone) if self.phone is not None else ()

    @property
    def devices(self) -> tuple[int, ...]:
        """Whose file it is."""
        return self.readers if self.device_id is None else (self.device_id,)

    def diff(self, context: int = 1) -> list[str]:
        """The changed lines with some context, `+`, `-` or a blank in front; secrets masked."""
        before, after = self.shown_before.splitlines(), self.shown_after.splitlines()
        head, tail = _alike(before, after, context)
        before, after = before[head : len(before) - tail], after[head : len(after) - tail]
        lines = difflib.unified_diff(before, after, lineterm="", n=context)
        return [line for line in list(lines)[2:] if not line.startswith("@@")]


def _alike(before: Sequence[str], after: Sequence[str], context: int) -> tuple[int, int]:
    """How many lines at the head and at the tail are the same, but for some context: comparing
    the rest only is what makes a plan of many devices bearable."""
    most = min(len(before), len(after))
    head = next((n for n in range(most) if before[n] != after[n]), most)
    tail = next((n for n in range(most - head) if before[-1 - n] != after[-1 - n]), most - head)
    return max(0, head - context), max(0, tail - context)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the files of a device were made from, besides the catalogue."""

    stamp: Stamp
    site: Site
    custom: CustomTemplate | None


@dataclass(frozen=True, slots=True)
class PbxSeen:
    """What the PBX's files of a plan were made from: the settings, `versions` of the rows of the
    extensions whose blocks were made, and `before`, what was on disk by path. `accounts`: what the
    PBX knows these extensions by."""

    site: Site
    versions: Mapping[int, int] = field(default_factory=dict)
    before: Mapping[str, bytes | None] = field(default_factory=dict)
    accounts: Mapping[int, str] = field(default_factory=dict)
    over: Collection[int] = ()
    """Rows of former passwords that the blocks hold no more."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which extensions of the PBX's files a plan is about. `ids`: these, as far as the PBX does not
    know them as they are; None: all. `pages`: extensions as they would be saved. `gone`: numbers of
    those that would be removed. Only the blocks of these are shown."""

    ids: Collection[int] | None = ()
    pages: Sequence[Page] = ()
    gone: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What applying would do. `held`: replacements left out because they were not asked for (saved
    without Regenerate). `settled`: devices whose files are as they should be. `failed`: device →
    why its files cannot be made; `names`: what an admin calls these devices. `notes`: what else
    is worth knowing before it is applied."""

    changes: tuple[Change, ...] = ()
    held: tuple[Change, ...] = ()
    settled: tuple[int, ...] = ()
    failed: Mapping[int, str] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    """Records that do not get what is planned, and why, one line each."""
    reaches_phones: bool = True
    """Is what is planned anything that a phone's file holds at all?"""
    seen: Mapping[int, Seen] = field(default_factory=dict)
    """The state in which each device was planned: one that is another by now keeps its files."""
    pbx: PbxSeen | None = None
    """What the PBX's files among the changes were made from; None: the PBX is not meant."""

    def __bool__(self) -> bool:
        return bool(self.changes)

    def count(self, kind: Kind) -> int:
        return sum(change.kind == kind for change in self.changes)

    def without(self, devices: Set[int]) -> Plan:
        """The plan without the files of these devices, and without their failures."""
        return replace(
            self,
            changes=tuple(one for one in self.changes if one.device_id not in devices),
            held=tuple(one for one in self.held if one.device_id not in devices),
            settled=tuple(number for number in self.settled if number not in devices),
            failed={n: why for n, why in self.failed.items() if n not in devices},
        )

    @property
    def devices(self) -> int:
        """How many devices have files that change, shared ones too."""
        return len({number for change in self.changes for number in change.devices})

    def failures(self) -> list[str]:
        """Each device that failed, by its name, and why."""
        return [
            f"{self.names.get(number, f'device {number}')}: {problem}"
            for number, problem in self.failed.items()
        ]

    def summary(self) -> str:
        """`2 to write, 1 to replace, 0 to delete`, or that there is nothing to do."""
        if not self.reaches_phones:
            return NO_FILE
        if not self.changes and not self.failed:
            return "nothing to do: the published files are as they should be"
        kinds: tuple[Kind, ...] = ("write", "replace", "delete")
        return ", ".join(f"{self.count(kind)} to {kind}" for kind in kinds) + self._failures()

    def in_the_past(self) -> str:
        """What has been done: `1 written, 2 replaced`."""
        words = {"write": "written", "replace": "replaced", "delete": "deleted"}
        kinds: tuple[Kind, ...] = ("write", "replace", "delete")
        done = [f"{self.count(kind)} {words[kind]}" for kind in kinds if self.count(kind)]
        return (", ".join(done) or "none changed") + self._failures()

    def _failures(self) -> str:
        count = len(self.failed)
        return f"; {count} phone{'s' if count > 1 else ''} failed" if count else ""


def is_of_pbx(change: Change) -> bool:
    """Is it a file that the PBX reads, not a phone?"""
    return change.path.startswith(f"{PBX_DIRECTORY}/")


def own_words(phone: Phone) -> tuple[tuple[str, str], ...]:
    """What is a phone's alone and may stand in its files: its MAC address, its token, its lines'
    numbers, names and accounts, each with the sign for it; the longest first."""
    mac = str(phone.values["mac"])
    digits = mac.replace(":", "")
    spellings = (mac, mac.lower(), digits, digits.lower())
    found = dict.fromkeys(spellings, "<mac>") | {phone.token: "<token>"}
    for line in phone.lines:
        for name in ("extension", "sip_username", "extension_name"):
            found.setdefault(str(line.extension[name]), f"<{name}>")
    found.setdefault(str(phone.values["friendly_name"]), "<friendly_name>")
    if phone.http_login is not None:
        found.setdefault(phone.http_login.username, "<http_username>")
    kept = ((word, sign) for word, sign in found.items() if len(word) >= _SHORTEST_WORD)
    return tuple(sorted(kept, key=lambda pair: -len(pair[0])))


def plan(
    phones: Iterable[Phone],
    recorded: Mapping[str, int | None],
    tree: Tree,
    *,
    regenerate: bool = True,
    rewrite: bool = False,
) -> Plan:
    """The plan that brings the files of `phones` up to date.

    `recorded` maps the paths published so far for these devices to their device. Without
    `regenerate` existing files of enabled devices are left as they are (`held`). With `rewrite`
    files that are right are written again all the same, for their group and mode.
    """
    making = _Making(tree, regenerate, rewrite)
    for phone, found in ahead(phones, tree, rewrite=rewrite):
        making.add(phone, found)
    making.add_waiting()
    making.remove(recorded)
    return making.plan()


class _Making:
    """Collects a plan phone by phone."""

    def __init__(self, tree: Tree, regenerate: bool, rewrite: bool):
        self._tree = tree
        self._regenerate = regenerate
        self._rewrite = rewrite
        self._wanted: dict[str, bytes] = {}
        """Path → digest."""
        self._changes: list[Change] = []
        self._held: list[Change] = []
        self._settled: list[int] = []
        self._failed: dict[int, str] = {}
        self._waiting: list[Phone] = []
        self._hopeless: dict[str, str] = {}
        """Template of an account → why none of many phones got a file by it."""
        self._shown = 0
        self._names: dict[int, str] = {}
        self._seen: dict[int, Seen] = {}
        self._readers: dict[str, list[int]] = {}

    def add(self, phone: Phone, found: Examined | RenderError | None) -> None:
        """Plan a phone of which this was found, None: nobody looked. One with a template of an
        account waits until there are many."""
        self._seen[phone.device_id or 0] = Seen(phone.stamp, phone.site, phone.custom)
        if found is not None:
            self._take([(phone, found)])
            return
        if phone.custom is None:
            self._add_all([phone])
            return
        self._waiting.append(phone)
        if len(self._waiting) >= _AT_ONCE:
            self.add_waiting()

    def add_waiting(self) -> None:
        """Plan what waits. A template that failed for many phones in a row is not tried again."""
        groups: dict[str, list[Phone]] = {}
        for phone in self._waiting:
            groups.setdefault(phone.custom.name if phone.custom else "", []).append(phone)
        self._waiting.clear()
        for name, phones in groups.items():
            numbers = [phone.device_id or 0 for phone in phones]
            if name in self._hopeless:
                for phone in phones:
                    self._fail(phone, self._hopeless[name])
                continue
            self._add_all(phones)
            if len(numbers) > 1 and all(number in self._failed for number in numbers):
                self._hopeless[name] = f"{self._failed[numbers[0]]} (not tried for this phone)"

    def remove(self, recorded: Mapping[str, int | None]) -> None:
        """Delete what these devices had and no device of this plan wants any more. A device that
        failed keeps its files: nothing is unlinked before its replacement is on disk."""
        for path, device_id in sorted(recorded.items()):
            if device_id is None or device_id in self._failed or path in self._wanted:
                continue
            self._changes.append(Change("delete", path, device_id))

    def plan(self) -> Plan:
        return Plan(
            tuple(map(self._with_readers, self._changes)),
            tuple(map(self._with_readers, self._held)),
            tuple(self._settled),
            dict(self._failed),
            dict(self._names),
            seen=self._seen,
        )

    def _with_readers(self, change: Change) -> Change:
        if change.device_id is not None:
            return change
        return replace(change, readers=tuple(self._readers.get(change.path, ())))

    def _add_all(self, phones: Sequence[Phone]) -> None:
        """Plan these phones, all with a template of an account or all without."""
        found = examine(phones, self._tree, rewrite=self._rewrite, known=self._wanted)
        self._take(list(zip(phones, found, strict=True)))

    def _take(self, examined: Sequence[tuple[Phone, Examined | RenderError]]) -> None:
        found = [(phone, self._differences(phone, one)) for phone, one in examined]
        masked = self._maskings([(phone, ds) for phone, ds in found if ds])
        for phone, differences in found:
            if differences is not None:
                masking = masked.get(id(phone))
                self._settle(phone, [_change(phone, one, masking) for one in differences])

    def _differences(self, phone: Phone, found: Examined | RenderError) -> list[Difference] | None:
        """The phone's files that differ from the disk and are not planned yet; None when they
        cannot be made."""
        try:
            if isinstance(found, RenderError):
                raise found
            for path, digest, _ in found.files:
                if self._wanted.get(path, digest) != digest:
                    raise RenderError(f"{path}: another device's file has this name already")
        except RenderError as error:
            self._fail(phone, _words(error, phone))
            return None
        new = [one for one in found.differences if one.file.path not in self._wanted]
        for path, digest, is_for_all in found.files:
            self._wanted[path] = digest
            if is_for_all:
                self._readers.setdefault(path, []).append(phone.device_id or 0)
        return new

    def _fail(self, phone: Phone, problem: str) -> None:
        device_id = phone.device_id or 0
        self._failed[device_id] = problem
        self._names[device_id] = phone.name or f"device {device_id}"

    def _maskings(self, phones: Sequence[tuple[Phone, Sequence[Difference]]]) -> dict[int, Masking]:
        """What masks the files of these phones, by the phone's `id()`; not for phones beyond the
        number that is shown of a template of an account."""
        known: dict[int, Masking] = {}
        customised = []
        for phone, differences in phones:
            if phone.custom is None:
                known[id(phone)] = Masking(phone)
            elif self._shown < _MOST_SHOWN:
                self._shown += 1
                customised.append((phone, any(one.before is not None for one in differences)))
        if not customised:
            return known
        made = zip(customised, maskings(customised), strict=True)
        return known | {id(phone): masking for (phone, _), masking in made}

    def _settle(self, phone: Phone, changes: Sequence[Change]) -> None:
        self._changes += [c for c in changes if c.kind == "write" or self._regenerate]
        self._held += [c for c in changes if c.kind == "replace" and not self._regenerate]
        if all(c.device_id is None and (self._regenerate or c.kind == "write") for c in changes):
            # its own files are right, and the shared ones will be
            self._settled.append(phone.device_id or 0)


def _change(phone: Phone, found: Difference, masking: Masking | None) -> Change:
    file, data = found.file, found.data
    device_id = None if is_shared(file) else phone.device_id
    if found.before == data:
        return Change("replace", file.path, device_id, data)
    kind: Kind = "write" if found.before is None else "replace"
    before, after, late = "", "", None
    if is_bootstrap(file, phone):
        before = (found.before or b"").decode(file.charset, errors="replace")
        after = found.whole.text
    elif phone.custom is None:
        late = partial(_shown, found, masking)
    else:
        before, after = _shown(found, masking)
    return Change(
        kind, file.path, device_id, data, before, after, phone, format=file.format, late=late
    )


def _words(error: RenderError, phone: Phone) -> str:
    """Why a phone has no files; whose template it is, where that is an account's."""
    if phone.custom is None or isinstance(error, TemplateFault):
        return str(error)
    return f"template {phone.custom.name}: {error}"


def _shown(found: Difference, masking: Masking | None) -> tuple[str, str]:
    """What a file was and will be, without its secrets."""
    if masking is None:
        return "", f"(not shown: more than {_MOST_SHOWN} phones with a template of an account)"
    try:
        whole = found.whole
        return masking.before(whole, found.before), masking.after(whole)
    except RenderError as error:
        # A template of an account may fail for masked passwords alone.
        return "", f"(not shown: {error})"
