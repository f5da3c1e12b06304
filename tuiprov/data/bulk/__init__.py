"""Many extensions or devices at once: judged by kinds, written by sets, taken back the same way."""
