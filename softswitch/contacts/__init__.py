"""Contacts of other media than voice: what an integrator brings, and what its agents do with it."""
