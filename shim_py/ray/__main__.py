"""`python3 -m ray …` is `ray …`."""

from __future__ import annotations

from ray.scripts.scripts import main

if __name__ == "__main__":
    main()
