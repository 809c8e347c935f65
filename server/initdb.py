"""What an embedded PostgreSQL needs before its first start: a password and directories."""

import os
import secrets
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from server import rootless

# initdb's own choice on Linux; macOS has no locale of that name. Both sort by bytes.
LOCALE: Final = "C" if sys.platform == "darwin" else "C.UTF-8"

UNFINISHED_SECONDS_MAX: Final = 10.0

# Over the socket and with a password only. `all` does not cover replication, which backups need.
HOST_BASED_AUTHENTICATION: Final = """\
local  all          all      scram-sha-256
local  replication  {owner}  scram-sha-256
"""


class InitdbFailed(Exception):
    """PostgreSQL's data directory cannot be made."""


def password_in(file: Path) -> str:
    """The password that the file holds; a random one is put there first if there is none."""
    if not file.exists():
        file.parent.mkdir(mode=0o700, exist_ok=True)
        new = file.with_suffix(".new")
        new.unlink(missing_ok=True)
        _write_private(new, secrets.token_urlsafe(32) + "\n")
        new.replace(file)  # at once: half a password would lock the owner out for good
        sync_directory(file.parent)
    return file.read_text().strip()


def create(data: Path, initdb: Path, owner: str, password: str, who: str) -> None:
    """Make the data directory.

    It is made under another name and renamed when whole, so one that was cut off half way is never
    taken for a database, nor does it stand in the way.
    """
    for unfinished in data.parent.glob(f"{data.name}.new-*"):
        _remove(unfinished)
    new = Path(tempfile.mkdtemp(prefix=f"{data.name}.new-", dir=data.parent))
    try:
        os.chown(new, *rootless.files_of(who))
        _initdb(new / "data", initdb, owner, password, who)
        hba = HOST_BASED_AUTHENTICATION.format(owner=owner)
        (new / "data" / "pg_hba.conf").write_text(hba)
        (new / "data").rename(data)
        sync_directory(data.parent)  # a power cut must not undo the rename under a day's work
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _remove(unfinished: Path) -> None:
    """Remove it also from under an initdb that writes for a moment after its makeba was killed."""
    give_up_at = time.monotonic() + UNFINISHED_SECONDS_MAX
    while unfinished.exists() and time.monotonic() < give_up_at:
        shutil.rmtree(unfinished, ignore_errors=True)
        time.sleep(0.02)


def _initdb(data: Path, initdb: Path, owner: str, password: str, who: str) -> None:
    password_file = data.with_name("password")  # not on the command line, which every user can read
    _write_private(password_file, password)
    os.chown(password_file, *rootless.files_of(who))
    arguments = (
        *("--pgdata", data, "--username", owner, "--pwfile", password_file),
        *("--encoding", "UTF8", "--locale", LOCALE, "--data-checksums"),
        *("--auth", "scram-sha-256", "--no-instructions"),
    )
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own program, and no shell
        rootless.warden("run", who, initdb, *arguments),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        cwd="/",
        env=rootless.environment(),
        start_new_session=True,
        check=False,
    )
    if done.returncode != 0:
        raise InitdbFailed(last_line(done.stderr))


def private_directory(directory: Path, who: str) -> None:
    """Make the directory for this identity alone; refuse one that somebody else has put there."""
    uid, gid = rootless.files_of(who)
    try:
        directory.mkdir(mode=0o700)
        os.chown(directory, uid, gid)
    except FileExistsError:
        found = directory.lstat()  # a link put there by somebody else would lead us elsewhere
        private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
        if not private or found.st_uid != uid:
            sentence = f"{directory} is not a directory of uid {uid} alone"
            raise PermissionError(sentence) from None


def sync_directory(directory: Path) -> None:
    """Make what was created or renamed in the directory survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def last_line(text: str) -> str:
    """The line that says why a program of PostgreSQL gave up."""
    lines = [line for line in text.splitlines() if line.strip()]
    fatal = [line for line in lines if "FATAL:" in line or "error:" in line]
    return (fatal or lines or ["no reason was given"])[-1].strip()


def _write_private(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(descriptor)
