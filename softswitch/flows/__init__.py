"""Call flows as data: what a caller goes through before, and after, an agent.  Pure; calls run them in `calls/flow.py`."""
