"""Stage 4 of 8. In: events. Out: the same events, kept and found. Never: interprets them; the only room that knows a driver."""
