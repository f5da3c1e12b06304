"""New passwords for many, their phones' files and the PBX's with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tuiprov.bulk import publish_after, refusal_lines
from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.bulk.assignments import named
from tuiprov.data.bulk.rotate import Rotating, rotate_all, survey_rotation
from tuiprov.data.page import Page, Phone
from tuiprov.data.pbx_rows import pbx_pages
from tuiprov.data.settings import site_of
from tuiprov.data.site import Site
from tuiprov.data.store import Store
from tuiprov.data.writer import random_sip_password
from tuiprov.orders.order import OnRecord, Outcome, counted, going_on, nobody, note, result
from tuiprov.pbx.kinds import pbx_of
from tuiprov.publish.plan import Asked, Plan
from tuiprov.publish.planning import plan_as, plan_pbx
from tuiprov.publish.publishing import carry_out


@dataclass(frozen=True)
class Rotate:
    """Give these extensions new random SIP passwords; `admin`: and their phones new administrator
    passwords. The PBX takes the old SIP password too until the phone has fetched the new one."""

    store: Store
    viewer: Viewer
    ids: Sequence[int]
    admin: bool = False

    @property
    def about(self) -> str:
        what = "SIP and administrator passwords" if self.admin else "SIP passwords"
        return f"Rotate the {what} of {counted(len(self.ids), 'extension')}"

    def plan(self, on_record: OnRecord) -> Plan:
        with self.store.database.read() as session:
            found = survey_rotation(session, self.viewer, self.ids, admin=self.admin)
            refused = refusal_lines(named(session, found.refused))
            site = site_of(session)
            pages = _pages(list(pbx_pages(session, site, list(found.numbers))), site)

        def renewed(phone: Phone) -> Phone:
            return _renewed(phone, found)

        made = plan_as(self.store, found.devices, renewed, Asked(pages=pages), on_record)
        return replace(made, refused=refused, notes=(*_notes(found, site), *made.notes))

    def apply(self, on_record: OnRecord) -> Outcome:
        with self.store.operations.begin():
            return self._apply(on_record)

    def _apply(self, on_record: OnRecord) -> Outcome:
        with self.store.database.write() as session:
            found = rotate_all(session, self.viewer, self.ids, on_record, admin=self.admin)
            if not found.numbers:
                raise nobody(named(session, found.refused))
        # The PBX first: no phone has a password that the PBX does not take.
        carry_out(self.store, self.viewer, plan_pbx(self.store, Asked(list(found.numbers))))
        published = publish_after(
            self.store, self.viewer, found.devices, found.numbers, going_on(on_record)
        )
        words = result(len(found.numbers), "rotated", len(found.refused), published)
        return Outcome(words, published, found.event_id)


def _pages(pages: Sequence[Page], site: Site) -> tuple[Page, ...]:
    """The extensions as the PBX would be told of them; other passwords than those to come, which
    nobody sees."""
    if site.pbx == "none":
        return ()
    return tuple(
        replace(
            page.changed({"sip_password": random_sip_password()}),
            former_passwords=(str(page.values["sip_password"]), *page.former_passwords),
        )
        for page in pages
    )


def _renewed(phone: Phone, found: Rotating) -> Phone:
    """The phone with other passwords than it has."""
    lines = tuple(
        replace(line, extension={**line.extension, "sip_password": random_sip_password()})
        if line.extension_id in found.numbers
        else line
        for line in phone.lines
    )
    values = phone.values
    if phone.device_id in found.admins:
        # What the phone takes is made when it is stored; the plan shows that it changes.
        values = {**values, "admin_password": str(values["admin_password"])[::-1]}
    return replace(phone, lines=lines, values=values)


def _notes(found: Rotating, site: Site) -> list[str]:
    hours = f"{site.former_password_hours} hours"
    notes = [
        note(
            (len(found.numbers), f"{counted(len(found.numbers), 'extension')} to rotate"),
            (len(found.admins), f"{counted(len(found.admins), 'administrator password')} too"),
            (len(found.refused), f"{len(found.refused):,} refused, and left as they are"),
        )
    ]
    kind = pbx_of(site)
    if kind is None:
        notes.append("The PBX is set up elsewhere: tell it the new passwords (tuiprov export).")
    elif site.pbx == "asterisk":
        notes.append(
            f"{kind.label} also takes the old passwords until a publish after the phone has "
            f"fetched, {hours} at most."
        )
    else:
        notes.append(f"{kind.label} takes the new passwords only: resync the phones at once.")
    if kind is not None and not site.pbx_reload:
        notes.append(f"{kind.label} is not reloaded by tuiprov: reload it before phones fetch.")
    if found.unseen:
        phones = counted(found.unseen, "phone")
        notes.append(f"{phones} not by HTTP: nobody sees them fetch, so only the time counts.")
    if found.alone:
        one = counted(found.alone, "extension")
        notes.append(f"{one} without a phone here: their users need the new password.")
    return notes
