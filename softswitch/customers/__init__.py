"""Customers: who callers are, as the hotline knows them.  A table of its own, since there are more of them than documents."""
