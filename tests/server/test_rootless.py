"""PostgreSQL refuses root: as whom it runs when root runs makeba. Skipped for everybody else."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from server import rootless
from server.postgres import Cluster, running

REPOSITORY = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="needs to be root on Linux"
)

# Uses the server once and says as whom it ran, or why it did not.
PROCESS = """
import os, sys, psycopg
from pathlib import Path
from server.postgres import Cluster, PostgresUnavailable, running
try:
    with running(Cluster(Path(sys.argv[1]))) as server:
        psycopg.connect(server.dsn).close()
        print("uid", os.stat(f"/proc/{server.pid}").st_uid)
except PostgresUnavailable as refusal:
    print(refusal)
"""

# Runs its arguments as root of a namespace that has all users and allows no namespace within.
WHERE_NAMESPACES_ARE_REFUSED = """
import ctypes, os, sys
entered, enter = os.pipe()
mapped, map_users = os.pipe()
child = os.fork()
if child == 0:
    inside = ctypes.CDLL(None).unshare(0x10000000) == 0  # if not, they are refused already
    os.write(enter, b"y" if inside else b"n")
    os.read(mapped, 1)
    if inside:
        open("/proc/sys/user/max_user_namespaces", "w").write("0")
    os.execv(sys.argv[1], sys.argv[1:])
if os.read(entered, 1) == b"y":
    for ids in ("uid_map", "gid_map"):
        open(f"/proc/{child}/{ids}", "w").write("0 0 4294967295")
os.write(map_users, b"!")
os.waitpid(child, 0)
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A home through which every user may pass, unlike pytest's own directories."""
    directory = Path(tempfile.mkdtemp(prefix="makeba-test-"))
    directory.chmod(0o711)
    yield directory / "home"
    shutil.rmtree(directory)


def said_where_namespaces_are_refused(home: Path) -> str:
    inner = [sys.executable, "-c", PROCESS, str(home)]
    outer = [sys.executable, "-c", WHERE_NAMESPACES_ARE_REFUSED, *inner]
    return subprocess.check_output(outer, cwd=REPOSITORY, text=True)  # noqa: S603 - our own


def skip_unless_reached_by_nobody(home: Path) -> int:
    nobody = pwd.getpwnam("nobody")
    needed = (home.parent, Cluster(home).program("postgres"))
    if not rootless._reaches(f"user:{nobody.pw_uid}:{nobody.pw_gid}", needed):
        pytest.skip("this repository is where nobody but root gets in")
    return nobody.pw_uid


def test_in_a_user_namespace_it_has_roots_files_and_none_of_roots_powers(home: Path) -> None:
    cluster = Cluster(home)
    if not str(rootless.identity(cluster.data)).startswith("mapped:"):
        pytest.skip("user namespaces are refused here")
    with running(cluster) as server:
        status = Path(f"/proc/{server.pid}/status").read_text()
        inside, outside, count = Path(f"/proc/{server.pid}/uid_map").read_text().split()
        assert "CapEff:\t0000000000000000\n" in status
        assert (inside != "0", outside, count) == (True, "0", "1")
        assert {file.lstat().st_uid for file in home.rglob("*")} == {0}


def test_without_user_namespaces_an_unprivileged_user_runs_it(home: Path) -> None:
    nobody = skip_unless_reached_by_nobody(home)
    assert said_where_namespaces_are_refused(home) == f"uid {nobody}\n"
    assert (home / "postgres").stat().st_uid == nobody
    assert (home / "secrets/owner").stat().st_uid == 0
    # Where namespaces are allowed it goes on as the user whose files they are by now.
    with running(Cluster(home)) as server:
        assert Path(f"/proc/{server.pid}").stat().st_uid == nobody
        assert (home / "postgres.log").stat().st_uid in {0, nobody}


def test_an_unprivileged_user_stops_too_when_the_warden_is_killed(home: Path) -> None:
    skip_unless_reached_by_nobody(home)
    said_where_namespaces_are_refused(home)
    with running(Cluster(home)) as server:
        warden = int(Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(warden, signal.SIGKILL)
        until = time.monotonic() + 20
        while Path(f"/proc/{server.pid}").exists():
            assert time.monotonic() < until
            time.sleep(0.02)
    assert "shutting down" in (home / "postgres.log").read_text()


def test_a_home_that_no_user_reaches_is_refused(home: Path) -> None:
    home.parent.chmod(0o700)
    said = said_where_namespaces_are_refused(home)
    assert said.startswith("PostgreSQL refuses to run as root, and neither root")
    assert str(home) in said
