"""Any PostgreSQL from 15 on will do: here Debian's, where its binaries are on the machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from server.postgres import Cluster, running

DEBIAN = Path("/usr/lib/postgresql/15/bin")


def makeba(home: Path, url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"MAKEBA_HOME": str(home), "MAKEBA_DATABASE_URL": url}
    return subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-m", "server.cli", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(not (DEBIAN / "postgres").exists(), reason="Debian's PostgreSQL 15 is not here")
def test_the_whole_story_holds_on_debians_postgresql_15(tmp_path: Path) -> None:
    with running(Cluster(tmp_path / "theirs", bin_dir=DEBIAN)) as server:
        home = tmp_path / "ours"
        told = makeba(home, server.dsn, "demo", "--headless")
        assert told.returncode == 0, told.stdout[-2000:] + told.stderr[-2000:]
        assert told.stdout.rstrip().endswith("books proven")
        assert not (home / "postgres").exists()
        assert makeba(home, server.dsn, "check", "--full").returncode == 0
        assert makeba(home, server.dsn, "projections", "rebuild", "--check").returncode == 0


def test_a_database_that_is_not_there_is_one_clear_line_and_exit_3(tmp_path: Path) -> None:
    nowhere = f"postgresql://nobody@/nothing?host={tmp_path}"
    told = makeba(tmp_path / "ours", nowhere, "check")
    assert told.returncode == 3
    assert len(told.stderr.strip().splitlines()) == 1
