"""Stage 3 of 8. In: events and state. Out: predicates, signals, scores. Never: reads a store."""
