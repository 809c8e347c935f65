"""`make simulate`: see tests/simulation/running.py, where other processes find their work."""

import sys

from tests.simulation.running import main

if __name__ == "__main__":
    sys.exit(main())
