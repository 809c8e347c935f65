"""A lock between processes; the kernel lets go of it when its holder dies, however it dies."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self


class FileLock:
    """An advisory lock (flock), shared or exclusive. Each object is a holder of its own.

    A process that is forked off holds it too, a program that is run does not get it.
    """

    def __init__(self, path: Path) -> None:
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        os.close(self.descriptor)

    def share(self) -> None:
        """Hold it together with others; wait while one holds it alone."""
        fcntl.flock(self.descriptor, fcntl.LOCK_SH)

    def try_to_share(self) -> bool:
        """Hold it together with others, if nobody holds it alone."""
        return self._try(fcntl.LOCK_SH)

    def try_to_own(self) -> bool:
        """Hold it alone, if nobody else holds it."""
        return self._try(fcntl.LOCK_EX)

    def is_free(self) -> bool:
        """Whether nobody else holds it; not to be asked while holding it."""
        free = self.try_to_own()
        self.let_go()
        return free

    def let_go(self) -> None:
        """Let go for forked copies too: merely closing our file would leave it to them."""
        fcntl.flock(self.descriptor, fcntl.LOCK_UN)

    def _try(self, operation: int) -> bool:
        try:
            fcntl.flock(self.descriptor, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
