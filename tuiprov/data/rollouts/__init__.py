"""Plans that are applied in waves."""
