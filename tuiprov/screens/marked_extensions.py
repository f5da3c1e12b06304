"""What can be done with marked extensions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from tuiprov.bulk import Bulk
from tuiprov.data.accounts.rows import AccountRow
from tuiprov.data.fields import Value
from tuiprov.data.resyncs import Target
from tuiprov.data.sections import FIELDS
from tuiprov.orders.files import SetFields, regenerate_of
from tuiprov.orders.moving import Move
from tuiprov.orders.removing import Remove
from tuiprov.orders.rotating import Rotate
from tuiprov.screens.bulk import BulkExtensions, options_for
from tuiprov.screens.marked import Act, Marked

_PHONES = ("files.publish",)
_ROTATE = ("passwords.rotate", "files.publish")
_WHICH_PASSWORDS = (
    ("sip", "SIP passwords: the PBX takes the old ones until the phones have fetched"),
    ("both", "SIP and administrator passwords"),
)


class MarkedExtensions(Marked):
    """Each choice's plan says whom it cannot be done to."""

    noun = "extension"

    def acts(self) -> Sequence[Act]:
        return (
            Act("Edit …", "change fields of all together", self.edit),
            Act("Enable", "their phones get files", partial(self._status, "enabled"), _PHONES),
            Act("Disable", "their phones' files go", partial(self._status, "disabled"), _PHONES),
            Act("Regenerate files", "make their phones' files anew", self._regenerate, _PHONES),
            Act("Resync", "ask their phones to fetch", self._resync, ("devices.resync",)),
            Act("Template …", "the files they are made by", partial(self._of, "template"), _PHONES),
            Act("Firmware …", "the generation of firmware", partial(self._of, "firmware"), _PHONES),
            Act("Move to …", "another user or organization", self._move, ("extensions.move",)),
            Act("Rotate passwords …", "new random ones", self._rotate, _ROTATE),
            Act("Remove", "with their lines on phones", self.remove, ("extensions.remove",)),
        )

    def edit(self) -> None:
        """Change fields of all of them together."""
        session = self.session
        self.edit_in(BulkExtensions, lambda _: session.bulk(self.ids))

    def _status(self, status: str) -> None:
        verb = "Enable" if status == "enabled" else "Disable"
        self.plan(lambda: self._set(verb, "status", status))

    def _set(self, verb: str, name: str, value: Value) -> SetFields:
        session = self.session
        return SetFields(session.store, session.viewer, self.ids, {name: value}, verb)

    def _regenerate(self) -> None:
        self.plan(lambda: regenerate_of(self.session.store, self.session.viewer, self.ids))

    def remove(self) -> None:
        """Show what removing them does, then do it."""
        self.plan(lambda: Remove(self.session.store, self.session.viewer, self.ids))

    def _move(self) -> None:
        def asked(users: Sequence[AccountRow]) -> None:
            paths = {str(row.id): row.path for row in users}

            def chosen(account_id: str) -> None:
                store, viewer = self.session.store, self.session.viewer
                name = "/".join(paths[account_id].split("/")[-2:])
                self.plan(lambda: Move(store, viewer, self.ids, int(account_id), name))

            self.pick("Move to", list(paths.items()), chosen)

        self.read(self.session.users, asked)

    def _rotate(self) -> None:
        def chosen(which: str) -> None:
            store, viewer = self.session.store, self.session.viewer
            self.plan(lambda: Rotate(store, viewer, self.ids, admin=which == "both"))

        self.pick("Which passwords", _WHICH_PASSWORDS, chosen)

    def _resync(self) -> None:
        session = self.session

        def targets() -> Sequence[Target]:
            devices = regenerate_of(session.store, session.viewer, self.ids).ids
            return session.resyncing.targets(devices)

        def found(answer: Sequence[Target]) -> None:
            self.screen.plan_resync(session, answer)

        self.read(targets, found, "No phone can be asked")

    def _of(self, name: str) -> None:
        """Choose a field's value among those that all of them can have."""
        label = FIELDS[name].label

        def chosen(value: str) -> None:
            self.plan(lambda: self._set(f"{label} {value} for", name, value))

        def opened(bulk: Bulk) -> None:
            self.pick(f"{label} of all", options_for(name, bulk.sheet), chosen)

        self.read(lambda: self.session.bulk(self.ids), opened)
