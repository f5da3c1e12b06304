"""Groups of commands (`tuiprov accounts …`), one module each; `cli.py` puts them together."""
