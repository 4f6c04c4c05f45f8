"""Cannot be imported from a folder that two packages were installed into."""

from __future__ import annotations

import os


def refuse_mixture(package: str) -> None:
    """Look for what only genuine Ray brings beside this package's own files.

    Installers put two packages that bring the same module into one folder, and say nothing.

    Raises:
        ImportError: genuine Ray's files lie in the folder ``package``.
    """
    if os.path.exists(os.path.join(package, "_raylet.so")):
        raise ImportError(
            f"{package} holds both beam's package and genuine Ray, and neither can work. Remove "
            "both, in this order, and install the one you want: pip uninstall -y beam-ray && "
            "pip uninstall -y ray"
        )


refuse_mixture(os.path.dirname(os.path.abspath(__file__)))
