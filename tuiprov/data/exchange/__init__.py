"""A site in and out as CSV, and files of other programs."""
