"""Tests of the HTTP interface: a real server, a real client, small real ports."""
