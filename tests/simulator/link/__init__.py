"""Tests of the line between cash machines and the switch."""
