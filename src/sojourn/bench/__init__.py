"""On top. In: a size. Out: each budget beside its peer, as ratios of one run. Never: asserted as seconds."""
