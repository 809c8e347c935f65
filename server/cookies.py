"""The desk's cookies: what a browser carries, and how a form shows that it is one of ours."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

DESK = "/desk"
SESSION_COOKIE = "makeba_desk"  # the token of a session, as the API gives it
FORM_COOKIE = "makeba_desk_form"  # before there is a session
LIVE = f"{DESK}/monitor/live"  # asked by the page, not by its reader: no use of the session
TOKEN_BYTES = 32
_PURPOSE = b"makeba desk form"


def at_the_desk(path: str) -> bool:
    """Whether a path is one of the desk's."""
    return path == DESK or path.startswith(f"{DESK}/")


def new_form_secret() -> str:
    """What a browser that is not signed in is known by."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def form_token(secret: str) -> str:
    """What a form carries: only who knows the cookie, which no script can read, can make it."""
    digest = hmac.digest(secret.encode(), _PURPOSE, hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def is_form_token(shown: str, secret: str) -> bool:
    """Whether a form came from a page that was given to this browser."""
    return bool(secret) and hmac.compare_digest(shown.encode(), form_token(secret).encode())
