"""What `py_executable` of a runtime environment is given to run: a path, as Ray gives one.

Some commands (`uv run`) know a script by its path and would take `-m` for an option of their own.
"""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    # The folder of a script comes first, and these modules' names are for inside the package only.
    here = os.path.dirname(os.path.realpath(__file__))
    sys.path[:] = [place for place in sys.path if os.path.realpath(place or ".") != here]

    from ray._worker.__main__ import main

    main()
