"""The settings of the whole site opened for one viewer: to be edited, planned for and stored."""

from __future__ import annotations

from dataclasses import dataclass

from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.fields import Values
from tuiprov.data.site_sheet import SiteSheet
from tuiprov.data.store import Store
from tuiprov.data.together.meeting import Newer
from tuiprov.orders.order import going_on
from tuiprov.publish.plan import Plan
from tuiprov.publish.planning import OnPhone, plan_settings
from tuiprov.publish.publishing import publish


@dataclass(frozen=True)
class Preferences:
    """The store and who is looking."""

    store: Store
    viewer: Viewer

    def sheet(self) -> SiteSheet:
        """The settings to be edited. NotAllowed for who may not."""
        use = self.store.site_use(self.viewer)
        return SiteSheet(self.store.site(), use)

    def plan(self, values: Values, on_phone: OnPhone) -> Plan:
        """What these settings would do to all phones' files; nothing is stored."""
        return plan_settings(self.store, self.viewer, values, on_phone)

    def newer(self, sheet: SiteSheet) -> Newer | None:
        """The settings as they are stored now, when somebody changed them meanwhile."""
        return self.store.together.newer_site(self.viewer, sheet.site)

    def save(self, sheet: SiteSheet) -> None:
        """Store the settings; their plan is to be published then. Raises Refused or Conflict."""
        sheet.rebase(self.store.set_site(self.viewer, sheet.changes, sheet.site))

    def apply(self, sheet: SiteSheet, plan: Plan, on_file: OnPhone) -> None:
        """Store the settings and publish their plan, as one operation; what `on_file` raises before
        they are stored ends it. PublishError: they are stored."""
        with self.store.operations.begin():
            on_file(0)
            self.save(sheet)
            publish(self.store, self.viewer, plan, going_on(on_file))
