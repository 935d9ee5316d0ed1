"""Stage 2 of 8. In: events. Out: actors and the persons behind them. Never: changes an event."""
