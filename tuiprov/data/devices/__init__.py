"""The inventory of SIP devices."""
