"""Section Provisioning: does the phone draw its setup from the server at all."""

from __future__ import annotations

from tuiprov.data.draft import Draft
from tuiprov.data.sections import Provisioning
from tuiprov.screens.section import Section


class ProvisioningSection(Section[Draft]):
    model = Provisioning
    short = "Provisioning"
