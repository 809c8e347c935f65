"""Programs of others that read our exports: hledger and beancount, each run by itself."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

HLEDGER = shutil.which("hledger")
# What bean-check does, for many files in one run of Python.
BEAN_CHECK = """
import sys
from beancount import loader
for name in sys.stdin:
    _, errors, _ = loader.load_file(name.strip())
    print(len(errors), flush=True)
"""


def hledger_accepts(file: Path) -> bool:
    """Whether `hledger check -s ordereddates` finds nothing."""
    return _hledger(file, "check", "-s", "ordereddates").returncode == 0


def hledger_balances(file: Path) -> dict[str, int]:
    """What `hledger bal -O csv` says of each code, in minor units."""
    found = _hledger(file, "bal", "-N", "-O", "csv")
    assert found.returncode == 0, found.stderr
    balances = {}
    for account, written in list(csv.reader(io.StringIO(found.stdout)))[1:]:
        amount, _, currency = written.partition(" ")
        assert currency in ("CVE", ""), written
        balances[account.rpartition(":")[2]] = round(float(amount) * 100)
    return balances


def beancount_accepts(files: Sequence[Path]) -> list[bool]:
    """Of each file, whether beancount finds no error in it."""
    ran = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", BEAN_CHECK],
        input="".join(f"{file}\n" for file in files),
        capture_output=True,
        text=True,
        check=True,
    )
    return [line == "0" for line in ran.stdout.split()]


def _hledger(file: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    assert HLEDGER is not None, "hledger is there"
    return subprocess.run(  # noqa: S603 - a program that we have looked up
        [HLEDGER, "-f", str(file), *arguments], capture_output=True, text=True, check=False
    )
