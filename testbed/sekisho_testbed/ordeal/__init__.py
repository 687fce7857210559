"""Ordeals: kills, floods, failing system calls and hanging helpers, against a whole gate in the lab (R-01 to R-04)."""
