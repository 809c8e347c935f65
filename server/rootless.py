"""As whom the embedded PostgreSQL runs, as it refuses root, and how its warden is called."""

import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

UNPRIVILEGED: Final = ("nobody", "daemon", "postgres")  # one that exists will do: PostgreSQL asks


def identity(data: Path, *needed: Path) -> str | None:
    """As whom the server of this data directory runs, in the warden's words; None if nobody can.

    `needed` are the directories and programs that a new data directory's server has to get at.
    """
    if os.geteuid() != 0:
        return "self"
    if (data / "PG_VERSION").exists():
        return _owner_of(data)
    return next((who for who in _candidates() if _reaches(who, needed)), None)


def files_of(who: str) -> tuple[int, int]:
    """Uid and gid of the files that this identity makes, as the rest of the system sees them."""
    kind, *ids = who.split(":")
    return (int(ids[0]), int(ids[1])) if kind == "user" else (os.geteuid(), os.getegid())


def warden(*arguments: str | Path) -> list[str]:
    """The command line that runs the warden with these arguments."""
    program = Path(__file__).with_name("warden.py")
    return [sys.executable, "-I", "-S", str(program), *map(str, arguments)]


def environment() -> dict[str, str]:
    """Our environment without secrets and without what would steer the server (PGDATA, PGPORT)."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "MAKEBA_"))}
    # Without a valid LC_ALL macOS starts threads in the server, which then refuses to start.
    return kept | {"LC_ALL": "C"}


def _owner_of(data: Path) -> str:
    """Whoever made the data directory: no other user may use it, and root only if root made it."""
    made = data.stat()
    return next(_candidates()) if made.st_uid == 0 else f"user:{made.st_uid}:{made.st_gid}"


def _candidates() -> Iterator[str]:
    """Root in a user namespace first: it reaches all that root owns, and its files stay root's."""
    known = {user.pw_name: f"{user.pw_uid}:{user.pw_gid}" for user in pwd.getpwall()}
    users = [known[name] for name in UNPRIVILEGED if name in known]
    if sys.platform == "linux":
        yield from (f"mapped:{user}" for user in users[:1])
    yield from (f"user:{user}" for user in users)


def _reaches(who: str, needed: tuple[Path, ...]) -> bool:
    answer = subprocess.run(  # noqa: S603 - our own program, and no shell
        warden("reach", who, *needed), stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    return answer.returncode == 0
