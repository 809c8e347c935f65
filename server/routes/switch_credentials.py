"""With what the switch proves who it is, for those who look after it."""

from __future__ import annotations

from litestar import get

from server.credentials import Credentials
from server.routes.given import TheCredentials


@get("/switch/credentials", summary="Keys, certificates and terminals of the switch's link")
async def read_credentials(credentials: TheCredentials) -> Credentials:
    """What was retired has its time beside it. POST /proposals adds and retires, by four eyes."""
    return await credentials.all()


HANDLERS = (read_credentials,)
