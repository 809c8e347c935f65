"""One of several server processes, as uvicorn's supervisor starts it."""

from __future__ import annotations

import os
import signal
import threading
from multiprocessing import parent_process

from litestar.types import ASGIApp

from ledger import collector
from server import logs
from server.app import create_app
from server.installation import joined
from server.settings import from_environment

WORKER = "server.worker:create"


def create() -> ASGIApp:
    """The application, from the environment that the parent has set."""
    _leave_with_parent()
    settings = from_environment()
    logs.configure(settings.log_level)
    installation = joined(settings)
    collector.rest()
    return create_app(settings, installation.keys, installation.urls)


def _leave_with_parent() -> None:
    """A parent that is killed tells nobody; a worker without one would keep the port.

    What is waited for is the end of a pipe that only the parent holds: it also tells of a parent
    that died before this process could look.
    """
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()
