"""Machines as pure functions, (state, event, now) -> (state, orders): no clock, no network.

A state is a frozen struct. An event is what happens to the machine; an order is what it wants done
in the world. Whoever carries orders out (simulator.hands) tells the machine by events how it went.
What a machine is, hears, wants and says stands in a module of its name; what becomes of it, step by
step, beside that.
"""
