"""The automatic call distributor: a pure machine that decides who serves whom, and when.

Nothing here reads a clock, touches a socket or waits.  `acd.engine.Engine` is the door; `acd.events` go in, `acd.commands`
come out.
"""
