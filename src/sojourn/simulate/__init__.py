"""On top. In: a seed. Out: simulated worlds with their truth. Never: called real."""
