"""Transfers without limits and fraud rules: what posting alone costs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest import mock

from commands.account import transfer


class _Open:
    """A gate that lets everything through and counts nothing."""

    held = False

    def note(self, *_: Any) -> dict[str, Any]:
        return {}


def _instead(name: str, answer: object) -> AbstractContextManager[object]:
    def answered(*_: object, **__: object) -> object:
        return answer

    return mock.patch.object(transfer, name, answered)


@contextmanager
def without_gate() -> Iterator[None]:
    """While this lasts, transfers of this process pass no gate."""
    with (
        _instead("gate_keys", ()),
        _instead("may_hold", False),
        _instead("require_passed", _Open()),
    ):
        yield
