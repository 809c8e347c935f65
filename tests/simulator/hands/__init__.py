"""Tests of what carries out the orders of machines."""
