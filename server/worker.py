"""One of several server processes, as uvicorn's supervisor starts it."""

from __future__ import annotations

import os
import signal
import threading
import time

from litestar.types import ASGIApp

from ledger import collector
from server import logs
from server.app import create_app
from server.installation import joined
from server.settings import from_environment

LOOK_SECONDS = 0.5
WORKER = "server.worker:create"


def create() -> ASGIApp:
    """The application, from the environment that the parent has set."""
    settings = from_environment()
    logs.configure(settings.log_level)
    _leave_with(os.getppid())
    installation = joined(settings)
    collector.rest()
    return create_app(settings, installation.keys, installation.urls)


def _leave_with(parent: int) -> None:
    """A parent that is killed tells nobody; a worker without one would keep the port."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()
