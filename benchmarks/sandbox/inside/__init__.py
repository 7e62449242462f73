"""What runs inside the sandbox: Python's standard library and nothing else.

The modules are compiled outside and sent in as code (``start.py``), for no file of this project can
be seen there; so they import each other by relative names only. Their package is called `NAME`
inside.
"""

from __future__ import annotations

#: What the package is called inside.
NAME = "_sandbox"
#: Its modules, each after those that it imports; the last one's ``main`` is run.
MODULES = (
    "channel", "plain", "others", "nodes", "standins", "peer", "running", "restoring", "program",
    "kernel", "outer", "confining", "first", "main",
)  # fmt: skip
#: How a sandbox ends in which more memory was used than there is.
OVER = 66
