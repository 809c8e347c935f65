"""Python's cycle collector, told how we allocate."""

import gc

# A batch keeps some ten thousand objects for a few milliseconds. With the usual threshold of 700
# the collector walked over them again and again, which cost rate and, more so, p99.
ALLOCATIONS = 100_000


def rest() -> None:
    """Look for cycles seldom, and never among what was there at the start.

    For a process that posts, and for one that draws screens. What the first holds for long (rows,
    events) are structs outside of the collector's care, as they cannot be part of a cycle.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS, 20, 100)
