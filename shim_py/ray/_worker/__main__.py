"""`python -m ray._worker`: the worker template, a worker that it started afresh, or the building of
a part of a runtime environment.

Which one is told by a variable that is removed at once: nothing started from here inherits it.
"""

from __future__ import annotations

import json
import os
import sys


def main() -> None:
    """Runs the template or the worker; does not return."""
    # `-m` puts the working directory first, which is not what the driver's imports mean.
    if sys.path and os.path.realpath(sys.path[0] or ".") == os.getcwd():
        del sys.path[0]
    template = os.environ.pop("BEAM_TEMPLATE", None)
    worker = os.environ.pop("BEAM_WORKER", None)
    build = os.environ.pop("BEAM_BUILD", None)
    if build is not None:
        from . import building

        building.run(json.loads(build))
    if worker is not None:
        from . import process, worker_main
        from .template import warm_up

        warm_up()
        order = json.loads(worker)
        process.die_with_parent(9, order["parent"] or os.getppid())
        worker_main.run(order)
    if template is None:
        sys.stderr.write(
            "Cannot run a worker by hand: the node daemon starts it. Use `beam up` instead.\n"
        )
        sys.exit(2)
    from . import worker_main
    from .template import BecomeWorker, Template, warm_up

    said = json.loads(template)
    warm_up()
    try:
        Template(said["socket"], said["key"]).run()
    except BecomeWorker as become:
        order = become.order
    worker_main.run(order)


if __name__ == "__main__":
    main()
