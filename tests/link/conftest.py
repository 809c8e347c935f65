"""The server that is attacked: the one of the tests of the server."""

from tests.server.conftest import server, settings, world

__all__ = ["server", "settings", "world"]
