"""The world of the tests of the server."""

from tests.server.conftest import world

__all__ = ["world"]
