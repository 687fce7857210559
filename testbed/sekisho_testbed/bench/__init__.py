"""`./dev bench`: the gate beside its peers, in one run: ratios, never absolute promises."""
