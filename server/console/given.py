"""What every command is given, and how it ends when it cannot do its work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from server import logs
from server.settings import Settings, from_environment, unknown

F = TypeVar("F", bound=Callable[..., Any])

GOOD, FAILED, WRONG_USAGE, UNREACHABLE = 0, 1, 2, 3


class CheckFailed(click.ClickException):
    """What was to be proven is not so."""

    exit_code = FAILED


class Unreachable(click.ClickException):
    """A part that is needed is missing, or cannot be reached."""

    exit_code = UNREACHABLE


def settings(**flags: Any) -> Settings:
    """The settings, with a command's flags on top; logs go where they say. Raises BadSetting."""
    found = from_environment(**flags)
    logs.configure(found.log_level)
    for name in unknown():
        click.echo(f"makeba: {name} is not a setting", err=True)
    return found


def quiet(**flags: Any) -> Settings:
    """The same for commands whose output is what counts: only warnings are logged."""
    return settings(log_level="warning", **flags)


def format_option(command: F) -> F:
    """--format, for whatever lists or reports."""
    return click.option(
        "--format",
        "shape",
        type=click.Choice(["table", "csv", "json"]),
        help="How to print it; a table on a terminal, CSV in a pipe.",
    )(command)
