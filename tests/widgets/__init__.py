import os

# The widgets choose their signs by terminal; the tests expect the ones of a modern terminal.
os.environ["TERM"] = "xterm-256color"
