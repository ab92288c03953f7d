"""Written by mlnb: loads its kernel half in every kernel of this environment. MLNB_KERNEL=0 switches it off."""

import os

if os.environ.get("MLNB_KERNEL", "1") != "0":
    c.InteractiveShellApp.extensions.append("mlnb")  # noqa: F821
