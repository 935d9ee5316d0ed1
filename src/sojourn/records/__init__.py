"""Room 0, the shared language. In: nothing of ours. Out: the nouns, as frozen records. Never: drivers, clocks, I/O."""
