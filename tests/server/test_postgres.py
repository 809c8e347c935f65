"""The embedded PostgreSQL: real servers in homes of their own, real processes, real kills."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
import pytest
import sqlalchemy

from server import rootless
from server.locks import FileLock
from server.postgres import (
    DEFAULT_SETTINGS,
    LOG_BYTES_MAX,
    NO_SETTINGS,
    OWNER,
    Cluster,
    PostgresUnavailable,
    running,
)

REPOSITORY = Path(__file__).parents[2]
DEBIANS = Path("/usr/lib/postgresql/15/bin")
SECRET = "4711-not-for-the-log"

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's death signal")

# A makeba process: uses the server until its standard input ends. It hears Ctrl-C, also when
# whatever started the tests in the background does not.
PROCESS = """
import json, signal, sys, psycopg
from pathlib import Path
from server.postgres import Cluster, running
signal.signal(signal.SIGINT, signal.default_int_handler)
with running(Cluster(Path(sys.argv[1])), take_over=True) as server:
    try:
        print(json.dumps({"pid": server.pid, "joined": server.joined}), flush=True)
        sys.stdin.read()
    except KeyboardInterrupt:
        with psycopg.connect(server.dsn) as connection:
            print(json.dumps({"drained": connection.execute("SELECT 1").fetchone()}), flush=True)
"""


class Process:
    """Another makeba process on a home."""

    def __init__(self, home: Path) -> None:
        self.popen = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", PROCESS, home],
            cwd=REPOSITORY,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # so that a test can press Ctrl-C in its terminal
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        with self.popen:  # closes its standard input, and waits
            pass

    def says(self) -> dict[str, Any]:
        assert self.popen.stdout is not None
        answer: dict[str, Any] = json.loads(self.popen.stdout.readline())
        return answer

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait()

    def press_ctrl_c(self) -> None:
        os.killpg(self.popen.pid, signal.SIGINT)


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("made") / "home"
    with running(Cluster(home)) as server:
        execute(server.dsn, "CREATE TABLE kept AS SELECT 'from the first start' AS what")
    yield home
    shutil.rmtree(home)


@pytest.fixture
def cluster(made_once: Path) -> Iterator[Cluster]:
    """A home whose PostgreSQL was started before and is stopped now."""
    yield Cluster(made_once)
    assert ends(Cluster(made_once))


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Cluster]:
    """A home that does not exist yet."""
    yield Cluster(tmp_path / "home")
    assert ends(Cluster(tmp_path / "home"))
    shutil.rmtree(tmp_path / "home")


@contextmanager
def moved(cluster: Cluster, home: Path) -> Iterator[Cluster]:
    home.parent.mkdir(parents=True)
    cluster.home.rename(home)
    try:
        yield Cluster(home)
        assert ends(Cluster(home))
    finally:
        if Cluster(home).socket_dir.parent != home:
            shutil.rmtree(Cluster(home).socket_dir)
        home.rename(cluster.home)


def ends(cluster: Cluster) -> bool:
    with FileLock(cluster.guard_lock) as guard:
        eventually(guard.is_free)
    return not (cluster.data / "postmaster.pid").exists()


def eventually(true: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


def execute(dsn: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        return cursor.fetchall() if cursor.description else []


def output(*command: str | Path) -> str:
    return subprocess.check_output(command, text=True, env={"LC_ALL": "C"})  # noqa: S603 - ours


def answers(dsn: str) -> bool:
    return execute(dsn, "SELECT what FROM kept") == [("from the first start",)]


def start(cluster: Cluster, settings: Mapping[str, str] = NO_SETTINGS) -> None:
    with running(cluster, settings=settings):
        pass


def parent(pid: int) -> int:
    return int(output("/bin/ps", "-o", "ppid=", "-p", str(pid)))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def stopped_cleanly(cluster: Cluster) -> bool:
    report = output(cluster.program("pg_controldata"), cluster.data)
    return "Database cluster state:               shut down\n" in report


@contextmanager
def started_by_hand(cluster: Cluster) -> Iterator[int]:
    """A server without a warden."""
    who = rootless.identity(cluster.data) or ""
    where = f'unix_socket_directories="{cluster.socket_dir}"'
    server = ["-D", str(cluster.data), "-c", "listen_addresses=", "-c", where]
    command = rootless.warden("run", who, cluster.program("postgres"), *server)
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as postgres:  # noqa: S603 - ours
        try:
            eventually((cluster.socket_dir / ".s.PGSQL.5432").exists)
            yield postgres.pid
        finally:
            postgres.send_signal(signal.SIGINT)


# First starts


def test_the_first_start_makes_a_database_of_its_owner(fresh: Cluster) -> None:
    with running(fresh) as server:
        made = "SELECT current_user, current_database(), getdatabaseencoding(), datcollate FROM"
        made += " pg_database WHERE datname = current_database()"
        assert execute(server.dsn, made) == [(OWNER, "makeba", "UTF8", "C.UTF-8")]
        assert execute(server.dsn, "SHOW data_checksums") == [("on",)]
        assert not server.joined


def test_nobody_gets_in_without_a_password(cluster: Cluster) -> None:
    with running(cluster) as server:
        rules = "SELECT type, database, user_name, auth_method FROM pg_hba_file_rules"
        assert execute(server.dsn, rules) == [
            ("local", ["all"], ["all"], "scram-sha-256"),
            ("local", ["replication"], [OWNER], "scram-sha-256"),
        ]
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            execute(cluster.dsn_for(OWNER, "guessed"), "SELECT 1")


def test_every_file_is_private(cluster: Cluster) -> None:
    with running(cluster):
        files = list(cluster.home.rglob("*"))
        assert cluster.socket_dir / ".s.PGSQL.5432" in files
        assert [file for file in files if stat.S_IMODE(file.stat().st_mode) & 0o077] == []
        # As root, the user as whom PostgreSQL may have to run passes through, and sees nothing.
        assert stat.S_IMODE(cluster.home.stat().st_mode) in {0o700, 0o711}


def test_the_password_is_on_no_command_line(fresh: Cluster, tmp_path: Path) -> None:
    real = fresh.program("initdb").parent
    for program in ("initdb", "postgres"):
        script = tmp_path / program
        script.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/seen\nexec {real}/{program} "$@"\n')
        script.chmod(0o755)
    with running(Cluster(fresh.home, bin_dir=tmp_path)):
        seen = (tmp_path / "seen").read_text()
    assert "--pwfile" in seen
    assert f"-D {fresh.data}" in seen
    assert fresh.password.read_text().strip() not in seen


@pytest.mark.skipif(not DEBIANS.exists(), reason="Debian's PostgreSQL 15 is not installed")
def test_another_postgresql_serves_as_well(fresh: Cluster) -> None:
    with running(Cluster(fresh.home, bin_dir=DEBIANS)) as server:
        assert execute(server.dsn, "SHOW server_version")[0][0].startswith("15.")


def test_a_first_start_cut_off_half_way_is_done_again(fresh: Cluster) -> None:
    with Process(fresh.home) as process:
        eventually(lambda: any(fresh.home.glob("postgres.new-*/data/global")))
        process.kill()
    assert not fresh.data.exists()
    with running(fresh) as server:
        assert execute(server.dsn, "SELECT 1") == [(1,)]
        assert list(fresh.home.glob("postgres.new-*")) == []


def test_four_processes_at_once_start_one_server(fresh: Cluster) -> None:
    with ExitStack() as stack:
        processes = [stack.enter_context(Process(fresh.home)) for _ in range(4)]
        said = [process.says() for process in processes]
    assert len({answer["pid"] for answer in said}) == 1
    assert sorted(answer["joined"] for answer in said) == [False, True, True, True]


# Later starts


def test_a_later_start_finds_what_was_written(cluster: Cluster) -> None:
    for _ in range(2):
        with running(cluster) as server:
            assert answers(server.dsn)
        assert stopped_cleanly(cluster)


def test_the_last_one_to_leave_stops_the_server(cluster: Cluster) -> None:
    with running(cluster) as first:
        with running(cluster) as second:
            assert (second.joined, second.pid) == (True, first.pid)
        assert answers(first.dsn)
    assert not alive(first.pid)


def test_who_joined_keeps_the_server_when_its_starter_leaves(cluster: Cluster) -> None:
    with Process(cluster.home) as starter:
        pid = starter.says()["pid"]
        with running(cluster) as server:
            with starter.popen:
                pass
            assert (server.pid, server.joined) == (pid, True)
            assert answers(server.dsn)
    assert not alive(pid)


def test_letting_go_counts_for_forked_copies_too(tmp_path: Path) -> None:
    with FileLock(tmp_path / "lock") as ours, FileLock(tmp_path / "lock") as another:
        ours.share()
        copy = [sys.executable, "-c", "input()"]
        with subprocess.Popen(copy, stdin=subprocess.PIPE, pass_fds=[ours.descriptor]):  # noqa: S603
            assert not another.is_free()
            ours.let_go()
            assert another.is_free()


def test_a_server_outlives_the_thread_that_started_it(cluster: Cluster) -> None:
    context = running(cluster)
    thread = threading.Thread(target=context.__enter__)
    thread.start()
    thread.join()
    time.sleep(0.2)
    assert answers(cluster.dsn)
    context.__exit__(None, None, None)


def test_ctrl_c_leaves_the_server_to_a_process_that_drains(cluster: Cluster) -> None:
    with Process(cluster.home) as process:
        process.says()
        process.press_ctrl_c()
        assert process.says() == {"drained": [1]}
    assert stopped_cleanly(cluster)


# Kills


def test_a_killed_process_has_its_server_stopped_cleanly(cluster: Cluster) -> None:
    with Process(cluster.home) as process:
        pid = process.says()["pid"]
        process.kill()
        eventually(lambda: not alive(pid))
    assert stopped_cleanly(cluster)


def test_a_starter_killed_at_once_leaves_no_server(cluster: Cluster) -> None:
    who = rootless.identity(cluster.data) or ""
    server = (cluster.data, cluster.program("postgres"), "-D", cluster.data)
    for _ in range(5):
        with FileLock(cluster.guard_lock) as guard:
            assert guard.try_to_own()
            handed = guard.descriptor
            command = rootless.warden("guard", who, cluster.users_lock, str(handed), *server)
            subprocess.run(command, pass_fds=[handed], capture_output=True, check=True)  # noqa: S603
        assert ends(cluster)


def test_who_comes_right_after_a_kill_gets_a_working_server(cluster: Cluster) -> None:
    for _ in range(3):
        with Process(cluster.home) as process:
            process.says()
            process.kill()
            with running(cluster, take_over=True) as server:
                assert answers(server.dsn)
                time.sleep(0.1)
                assert answers(server.dsn)


@on_linux
def test_a_killed_warden_takes_its_server_along(cluster: Cluster) -> None:
    with running(cluster) as server:
        os.kill(parent(server.pid), signal.SIGKILL)
        eventually(lambda: not alive(server.pid))
        assert stopped_cleanly(cluster)
        with running(cluster) as next_one:
            assert not next_one.joined
            assert answers(next_one.dsn)


def test_ending_all_processes_of_a_service_leaves_the_server_to_us(cluster: Cluster) -> None:
    with running(cluster) as server:
        os.kill(parent(server.pid), signal.SIGTERM)
        time.sleep(0.1)
        assert answers(server.dsn)


def test_a_killed_server_comes_back_after_its_last_backend(cluster: Cluster) -> None:
    busy = "DO $$ BEGIN PERFORM set_config('application_name', 'busy', false); WHILE"
    busy += " clock_timestamp() < now() + interval '2 s' LOOP END LOOP; END $$"
    looks = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'busy'"

    def keep_busy() -> None:
        with suppress(psycopg.OperationalError):
            execute(cluster.dsn, busy)

    with running(cluster) as server:
        caller = threading.Thread(target=keep_busy)
        caller.start()
        eventually(lambda: execute(server.dsn, looks) == [(1,)])
        os.kill(server.pid, signal.SIGKILL)
        with running(cluster) as again:
            assert answers(again.dsn)
            assert "pre-existing shared memory block" in cluster.log.read_text()
        caller.join()


# What a dead server left


@pytest.mark.parametrize("left", ["{stranger}", "{zombie}", "99999999", ""])
def test_a_pid_file_of_the_dead_is_no_obstacle(cluster: Cluster, left: str) -> None:
    pid_file = cluster.data / "postmaster.pid"
    with running(cluster):
        _, *rest = pid_file.read_text().splitlines()
    with subprocess.Popen([sys.executable, "-c", ""]) as zombie:
        os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
        pid = left.format(stranger=os.getpid(), zombie=zombie.pid)
        pid_file.write_text("\n".join([pid, *rest, ""]) if pid else "")
        with running(cluster) as server:
            assert server.pid not in {os.getpid(), zombie.pid}
            assert answers(server.dsn)


def test_a_server_without_a_warden_is_joined_and_left_alone(cluster: Cluster) -> None:
    with started_by_hand(cluster) as pid:
        with running(cluster) as server:
            assert (server.pid, server.joined) == (pid, True)
        assert answers(cluster.dsn)


def test_taking_over_puts_a_server_without_a_warden_under_ours(cluster: Cluster) -> None:
    with started_by_hand(cluster) as pid:
        with running(cluster, take_over=True) as server:
            assert (server.pid != pid, server.joined) == (True, False)
            assert answers(server.dsn)
        assert not alive(server.pid)


# Where a home may be


@pytest.mark.parametrize("name", ["a home, 100% é +", "long/" * 40 + "home"])
def test_psycopg_psql_and_sqlalchemy_reach_any_home(
    cluster: Cluster, tmp_path: Path, name: str
) -> None:
    query = "SELECT what FROM kept"
    with moved(cluster, tmp_path / "to" / name) as there, running(there) as server:
        assert answers(server.dsn)
        psql = output(there.program("psql"), server.dsn, "-Atc", query)
        assert psql == "from the first start\n"
        engine = sqlalchemy.create_engine(server.dsn.replace("://", "+psycopg://"))
        with engine.connect() as connection:
            assert connection.exec_driver_sql(query).scalar() == "from the first start"
        engine.dispose()


def test_every_process_finds_the_socket_of_a_long_home(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with moved(cluster, tmp_path / ("long/" * 40) / "home") as there, running(there) as server:
        assert stat.S_IMODE(there.socket_dir.stat().st_mode) == 0o700
        monkeypatch.setattr("tempfile.tempdir", "/elsewhere")
        assert answers(there.dsn)
        copy = tmp_path / ("copy/" * 40)
        copy.mkdir(parents=True)
        (copy / "run.elsewhere").symlink_to(there.socket_dir)
        assert Cluster(copy).socket_dir != there.socket_dir
    assert not alive(server.pid)


def test_a_socket_directory_that_others_can_write_is_refused(cluster: Cluster) -> None:
    cluster.socket_dir.chmod(0o777)
    with pytest.raises(PostgresUnavailable, match="run is not a directory of uid"):
        start(cluster)
    cluster.socket_dir.chmod(0o700)


# Settings and the log


def test_every_default_setting_is_in_force_whatever_the_files_say(cluster: Cluster) -> None:
    with running(cluster) as server:
        execute(server.dsn, "ALTER SYSTEM SET fsync = off")
        execute(server.dsn, "ALTER SYSTEM SET log_statement = 'all'")
    with running(cluster) as server:
        shown = {name: execute(server.dsn, f"SHOW {name}")[0][0] for name in DEFAULT_SETTINGS}
        execute(server.dsn, "ALTER SYSTEM RESET ALL")
    assert shown == {**DEFAULT_SETTINGS, "wal_compression": "pglz"}  # what PostgreSQL calls on


def test_settings_of_the_caller_come_on_top(cluster: Cluster) -> None:
    with running(cluster, settings={"shared_buffers": "16MB"}) as server:
        assert execute(server.dsn, "SHOW shared_buffers") == [("16MB",)]
        assert execute(server.dsn, "SHOW jit") == [("off",)]


def test_a_setting_that_postgresql_refuses_is_named(cluster: Cluster) -> None:
    with pytest.raises(PostgresUnavailable, match='unrecognized configuration parameter "colour"'):
        start(cluster, {"colour": "red"})


def test_no_secret_reaches_the_log(cluster: Cluster) -> None:
    failing = (
        "SELECT 'SECRET'::int",
        "SELECT unterminated 'SECRET",
        "CREATE TEMP TABLE t (code text CHECK (code = '')); INSERT INTO t SELECT 'SECRET'",
        "CREATE TEMP TABLE t (code text UNIQUE); INSERT INTO t VALUES ('SECRET'), ('SECRET')",
        "DO $$ BEGIN RAISE WARNING 'SECRET'; RAISE EXCEPTION 'SECRET'; END $$",
    )
    with running(cluster) as server:
        execute(server.dsn, f"CREATE ROLE someone LOGIN PASSWORD '{SECRET}'")
        for statement in failing:
            with pytest.raises(psycopg.Error):
                execute(server.dsn, statement.replace("SECRET", SECRET))
        with psycopg.connect(server.dsn) as connection, pytest.raises(psycopg.Error):
            connection.execute("SELECT %s::text::int", [SECRET])
    log = cluster.log.read_text()
    assert "ready to accept connections" in log
    assert SECRET not in log


@on_linux
def test_the_servers_environment_holds_no_secret(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAKEBA_PEPPER", SECRET)
    monkeypatch.setenv("PGPASSWORD", SECRET)
    with running(cluster) as server:
        for pid in (server.pid, parent(server.pid)):
            assert SECRET not in Path(f"/proc/{pid}/environ").read_text()


def test_a_long_log_is_put_aside(cluster: Cluster) -> None:
    with cluster.log.open("ab") as file:
        file.truncate(LOG_BYTES_MAX + 1)
    start(cluster)
    assert cluster.log.stat().st_size < 10_000
    assert cluster.path("postgres.log.1").stat().st_size > LOG_BYTES_MAX


def test_the_password_is_not_in_a_repr(cluster: Cluster) -> None:
    with running(cluster) as server:
        assert cluster.password.read_text().strip() in server.dsn
        assert "postgresql://" not in repr(server) + repr(cluster)


# Refusals


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(PostgresUnavailable, match=f"program {tmp_path}/postgres is missing"):
        start(Cluster(tmp_path / "home", bin_dir=tmp_path))


@pytest.mark.parametrize(
    ("password", "sentence"),
    [("wrong", "password authentication failed"), (None, "owner's password cannot be read")],
)
def test_a_lost_password_stops_the_start(
    cluster: Cluster, password: str | None, sentence: str
) -> None:
    right = cluster.password.read_text()
    cluster.password.unlink()
    if password:
        cluster.password.write_text(password)
    with pytest.raises(PostgresUnavailable, match=sentence):
        start(cluster)
    cluster.password.write_text(right)


def test_a_file_in_the_place_of_a_home_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(PostgresUnavailable, match="File exists"):
        start(Cluster(tmp_path / "home"))


def test_a_host_address_of_the_environment_is_refused(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")
    with pytest.raises(PostgresUnavailable, match="PGHOSTADDR is set"):
        start(cluster)
