"""The line between cash machines and the switch: ISO 8583 over TCP, its keys, and its weather."""
