"""Actions on many extensions or devices at once, opened for one viewer: planned, then applied as
one operation of the history. The lists' F10 and the command line carry them out."""
