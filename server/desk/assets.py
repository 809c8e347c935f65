"""What browsers are given beside the pages: a style, two scripts and an icon, from the package."""

from __future__ import annotations

from pathlib import Path

from litestar import Response, get

from server.wire import ApiRequest

FOLDER = Path(__file__).parent / "assets"
KINDS = {
    "desk.css": "text/css",
    "desk.js": "text/javascript",
    "htmx.min.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
CONTENT = {name: (FOLDER / name).read_bytes() for name in KINDS}


@get([f"/assets/{name}" for name in KINDS], sync_to_thread=False)
def read_asset(request: ApiRequest) -> Response[bytes]:
    """One of the files that there are; a path that is not listed does not lead here."""
    name = request.scope["path"].rpartition("/")[2]
    return Response(CONTENT[name], media_type=KINDS[name])


HANDLERS = (read_asset,)
