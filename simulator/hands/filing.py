"""Brings the switch's settlement files to makeba, and asks which one that has last."""

from __future__ import annotations

import httpx
import msgspec

from simulator.api import NoReply, Refused, encode, refused_by
from simulator.contract import FileMatched, NewestFile
from simulator.hands import file_tape
from simulator.hands.signed_line import SignedLine
from simulator.link.settlement_file import tampered, written
from simulator.machines import switch
from simulator.machines.business_day import DayFile
from simulator.mishaps import Mishap
from simulator.people import SwitchOwner
from simulator.running import Clock
from simulator.signatures import BadReply, private_key
from simulator.tape import Tape

NEWEST = "vinti4/files/newest"
FILES = "vinti4/files"
FILE_REFUSED = "FILE_REFUSED"
Brought = switch.FileTaken | switch.FileRefused | switch.FileSilent
NOT_HEARD = (httpx.TransportError, BadReply, NoReply)


class Filing:
    """Writes each file with the acquirer's key. Somebody who has no key may change it then."""

    def __init__(self, line: SignedLine, owner: SwitchOwner, clock: Clock, tape: Tape) -> None:
        self._line = line
        self._owner = owner
        self._clock = clock
        self._tape = tape
        self._mishaps: tuple[Mishap, ...] = ()

    def tamper(self, mishap: Mishap) -> None:
        """Have money added to files between writing and bringing, as often as it strikes."""
        self._mishaps = (*(each for each in self._mishaps if each.on), mishap)

    async def ask_newest(self) -> switch.NewestCame | switch.NewestSilent:
        """What makeba has last."""
        try:
            response = await self._line.send("GET", NEWEST)
        except (*NOT_HEARD, Refused):
            return switch.NewestSilent()
        if not response.is_success:
            return switch.NewestSilent()
        newest = msgspec.json.decode(response.content, type=NewestFile)
        return switch.NewestCame(newest.number)

    async def bring(self, file: DayFile) -> Brought:
        """Write it, bring it, and tell what makeba has made of it."""
        assert file.number is not None, "a file has its number before it is brought"
        owner = self._owner
        sign = private_key(owner.private_key).sign
        content = written(file, owner.acquirer_id, owner.key_id, sign)
        if any(mishap.strike() for mishap in self._mishaps):
            content = tampered(content)
        self._tape.add(file_tape.brought(file, content, self._clock()))
        try:
            matched = await self._send(content)
        except NOT_HEARD as error:
            self._tape.add(file_tape.silent(file, type(error).__name__, self._clock()))
            return switch.FileSilent(file.number)
        except Refused as refused:
            self._tape.add(file_tape.refused(file, refused, self._clock()))
            return _refused(file.number, refused)
        self._tape.add(file_tape.matched(file, matched, encode(matched), self._clock()))
        return switch.FileTaken(number=file.number, breaks=matched.found)

    async def _send(self, content: bytes) -> FileMatched:
        """Raises Refused, and what NOT_HEARD names."""
        response = await self._line.send(
            "POST", FILES, content=content, headers={"Content-Type": "text/plain"}
        )
        if not response.is_success:
            raise refused_by(response)
        return msgspec.json.decode(response.content, type=FileMatched)


def _refused(number: int, refused: Refused) -> Brought:
    """One that it has already is as good as taken; what is no fault of the file may pass."""
    if refused.details.get("sameContent") is True:
        return switch.FileTaken(number=number)
    if refused.code != FILE_REFUSED:
        return switch.FileSilent(number)
    return switch.FileRefused(number, str(refused.details.get("reason", refused.message)))
