"""A machine's table: for each kind of event the function that handles it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

Handler = Callable[[Any, Any, datetime], tuple[Any, tuple[Any, ...]]]
Table = Mapping[type[Any], Handler]
