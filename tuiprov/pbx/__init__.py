"""The PBX: its configuration from the same pages as the phones' files, and speaking to phones
through it. `kinds.py` is the seam where another PBX is added; `docs/pbx.md` tells how."""
