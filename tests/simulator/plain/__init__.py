"""Tests of the town in lines."""
