"""The switch's file: what it claims is compared with the books, and one that was altered is not
believed."""

from __future__ import annotations

from simulator.chapters.shapes import FileFound, FilesFound
from simulator.machines import switch
from simulator.machines.business_day import Ended
from simulator.mishaps import Mishap
from simulator.scene import Chapter, Scene, StoryBroken
from simulator.using import InUse, SwitchInUse
from simulator.words import escudos

FILE_SECONDS = 30.0


async def the_day(scene: Scene) -> None:
    """Every operation of the story stands in one file, and makeba has the same of each."""
    items = tuple(scene.town.switch.state.day.items.values())
    claimed = sum(item.amount for item in items if item.kind is Ended.CAPTURED)
    await scene.say("The switch's cut-off: the day's operations go to makeba in a signed file.")
    await _cut_off(scene)
    found = await _newest(scene)
    scene.teller.expect("all that the switch has stands in it", found.records, len(items))
    scene.teller.expect("what it claims is what it paid", found.net, claimed)
    await scene.say(f"It claims {escudos(claimed)} for {len(items)} operations.")
    wrong = found.outcomes.get("mismatch", 0)
    scene.teller.expect("books and file have the same of each", wrong, 0)


async def an_altered_file(scene: Scene) -> None:
    """Whoever has no key cannot add money to it."""
    scene.town.filing.tamper(Mishap("tampered-file"))
    await scene.say("Another file goes out, and somebody who has no key alters it on the way.")
    refused = await _cut_off(scene)
    scene.teller.expect("makeba refuses it, and posts nothing of it", refused, 1)
    await scene.say("The switch brings its own, and that is taken in.")
    found = await _newest(scene)
    scene.teller.expect("nothing differs", found.outcomes.get("mismatch", 0), 0)


async def _cut_off(scene: Scene) -> int:
    """How many files were refused until makeba had all."""
    used: SwitchInUse = InUse(scene.town.switch)
    used.machine.happen(switch.CutOffPressed())
    if not await used.until(lambda: not used.state.outgoing.files, FILE_SECONDS):
        raise StoryBroken("makeba does not take the switch's file in")
    return sum(isinstance(each, switch.FileRefused) for each in used.since(0))


async def _newest(scene: Scene) -> FileFound:
    accountant = await scene.staff("accountant")
    (newest,) = (await accountant.get("settlement/files", FilesFound, limit=1)).items
    return await accountant.get(f"settlement/files/{newest.file_id}", FileFound)


CHAPTERS = (
    Chapter("The switch's day is settled", the_day),
    Chapter("A settlement file that was altered", an_altered_file),
)
