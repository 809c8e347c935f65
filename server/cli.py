"""The `makeba` command: its commands, and how they end.

    0   good
    1   a check failed
    2   wrong usage
    3   a part is missing or unreachable

Whatever goes wrong is one line on standard error.
"""

from __future__ import annotations

import sys

import click
import psycopg
from sqlalchemy.exc import SQLAlchemyError

from ledger.errors import Refusal, Unavailable
from server.console.banking import bank
from server.console.books import check, projections, statement
from server.console.ca import ca
from server.console.database import doctor, migrate, seed
from server.console.demonstration import demo
from server.console.evidence import audit, verify
from server.console.exporting import export, verify_export
from server.console.given import GOOD, UNREACHABLE, WRONG_USAGE
from server.console.importing import import_
from server.console.journal import drill_down, journal, ledger
from server.console.keys import keys
from server.console.link import link
from server.console.people import access_review, people
from server.console.periods import periods
from server.console.reports import report, trial_balance
from server.console.sampling import sample
from server.console.serving import serve
from server.console.settling import settlement
from server.console.simulating import simulator
from server.demo import NotADemo
from server.postgres import PostgresUnavailable
from server.secrets import SecretsUnavailable
from server.settings import BadSetting
from server.tls import BadTls

MISSING = (
    PostgresUnavailable,
    SecretsUnavailable,
    Unavailable,
    psycopg.Error,
    SQLAlchemyError,
    OSError,
)
WRONG = (BadSetting, BadTls, NotADemo, Refusal)
INTERRUPTED = 130
NO_ROLES = 'password authentication failed for user "makeba_'  # so it is told of unknown roles too


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="makeba")
def cli() -> None:
    """The wallet ledger of a mobile-money platform: cash without a card, on double-entry books."""


for each in (
    demo, simulator, serve, migrate, seed, doctor, check, projections, journal, statement,
    trial_balance, access_review, people, audit, verify, ledger, drill_down, report, export,
    verify_export, import_, keys, ca, link, bank, settlement, periods,
):  # fmt: skip
    cli.add_command(each)
audit.add_command(sample)


def main() -> None:
    """Run a command and exit with its code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run a command. Its exit code."""
    try:
        code = cli.main(arguments, prog_name="makeba", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return WRONG_USAGE
    except click.ClickException as error:
        return _ended(error.format_message(), error.exit_code)
    except click.Abort:
        return _ended("interrupted", INTERRUPTED)
    except MISSING as error:
        return _ended(_one_line(error), UNREACHABLE)
    except WRONG as error:
        return _ended(_one_line(error), WRONG_USAGE)
    return code if isinstance(code, int) else GOOD


def _ended(why: str, code: int) -> int:
    click.echo(f"makeba: {why}", err=True)
    return code


def _one_line(error: Exception) -> str:
    if NO_ROLES in str(error):
        return "No books are here yet, or not with these passwords: makeba migrate makes them."
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


if __name__ == "__main__":
    main()
