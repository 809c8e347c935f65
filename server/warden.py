"""Stands between makeba and PostgreSQL: never runs it as root, stops it after its last user.

A program of its own on the standard library alone (`python -I -S warden.py …`), for what a fork of
makeba must not do: makeba has threads, and in a fork a lock that another thread held stays locked.

    reach IDENTITY PATH…                  exit 0 if that identity can be had and reaches the paths
    run   IDENTITY COMMAND…               become that identity and the command
    guard IDENTITY LOCK FD DATA COMMAND…  start the server and return; a copy of this process stays
                                          beside it and keeps FD open as long as it lives

IDENTITY is `self`; `mapped:UID:GID`, which is root seen as that user from inside a user namespace;
or `user:UID:GID`. See docs/decisions/0002-embedded-postgresql.md.
"""

import ctypes
import fcntl
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Never

CLONE_NEWUSER = 0x10000000  # linux/sched.h
PR_SET_PDEATHSIG = 1  # linux/prctl.h

# Whoever ends all processes of a service means makeba, which still needs its database to drain.
IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(mode: str, identity: str, *arguments: str) -> int:
    """Do what the command line says."""
    if mode == "reach":
        _become(identity)
        return 0 if all(os.access(path, os.X_OK) for path in arguments) else 1
    if mode == "run":
        _exec(identity, arguments, parent=os.getppid())
    lock, kept, data, *command = arguments
    if os.fork() == 0:
        _guard(identity, Path(lock), int(kept), Path(data), command)
    return 0


def _guard(identity: str, lock: Path, kept: int, data: Path, command: Sequence[str]) -> Never:
    """Start the server and live exactly as long as it does."""
    # A server that outlived its warden with this descriptor would look guarded for ever.
    os.set_inheritable(kept, False)
    warden = os.getpid()
    # Held back until the child lets it kill: Python forgets a signal that comes while it forks, and
    # a server that missed the only one would run for ever, with everybody waiting for its end.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    with lock.open("rb+") as users:
        postmaster = os.fork()
        if postmaster == 0:
            _exec(identity, command, parent=warden, data=data)
        for number in IGNORED:
            signal.signal(number, signal.SIG_IGN)
        # Two things can end this and each has a thread that blocks on it: nothing falls between
        # two looks. The main thread waits for the server, as the death signal hangs on it.
        threading.Thread(target=_stop_when_unused, args=(users, postmaster), daemon=True).start()
        _, status = os.waitpid(postmaster, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _stop_when_unused(users: BinaryIO, postmaster: int) -> None:
    """Wait until nobody shares the lock any more; the kernel drops the share of a dead process."""
    fcntl.flock(users, fcntl.LOCK_EX)  # newcomers now wait until the server has ended
    os.kill(postmaster, signal.SIGINT)  # PostgreSQL's fast shutdown


def _exec(identity: str, command: Sequence[str], *, parent: int, data: Path | None = None) -> Never:
    """Become the identity and then the command; the pid stays."""
    try:
        for number in (signal.SIGINT, signal.SIGPIPE):  # as Python has changed them
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        _become(identity)
        _die_with(parent)
        if data is not None:
            _claim(data / "postmaster.pid")
        os.execv(command[0], list(command))  # noqa: S606 - no shell is what we want
    except OSError as error:
        print(
            f"FATAL:  {command[0]} cannot run as {identity}: {error}", file=sys.stderr, flush=True
        )
    os._exit(126)


def _become(identity: str) -> None:
    kind, *ids = identity.split(":")
    if kind == "mapped":
        _map_into_namespace(*ids)
    elif kind == "user":
        uid, gid = map(int, ids)
        os.setgroups([gid])
        os.setgid(gid)
        os.setuid(uid)


def _map_into_namespace(uid: str, gid: str) -> None:
    """Be seen as uid and gid from inside a user namespace, while every file still sees root."""
    outer_uid, outer_gid = os.geteuid(), os.getegid()  # inside they cannot be asked any more
    _libc("unshare", CLONE_NEWUSER)
    # The kernel lets a process map its group only after it gave up setgroups().
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/gid_map").write_text(f"{gid} {outer_gid} 1")
    Path("/proc/self/uid_map").write_text(f"{uid} {outer_uid} 1")


def _die_with(parent: int) -> None:
    """Ask for SIGINT when the parent dies. After _become: a change of identity clears the wish."""
    if sys.platform != "linux":
        return
    _libc("prctl", PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0)
    if os.getppid() != parent:  # it died before we asked, so the signal would never come
        os._exit(125)


def _libc(function: str, *arguments: int) -> None:
    if getattr(ctypes.CDLL(None, use_errno=True), function)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{function}: {os.strerror(number)}")


def _claim(pid_file: Path) -> None:
    """Put our own pid, soon PostgreSQL's, into what a dead server has left behind.

    The pid in it may by now belong to a stranger, whom PostgreSQL would take for the old server.
    Deleting the file would lose the key of the shared memory, by which PostgreSQL notices that
    backends of the old server still write. The caller has made sure that no server lives.
    """
    if not pid_file.exists():
        return
    _, *rest = pid_file.read_bytes().splitlines(keepends=True) or [b""]
    new = pid_file.with_suffix(".new")
    new.write_bytes(b"%d\n" % os.getpid() + b"".join(rest))
    new.chmod(0o600)
    new.replace(pid_file)  # at once: a file cut off half way would stop every later start


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
