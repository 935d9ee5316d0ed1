"""Stage 5 of 8. In: history. Out: journeys and numbers. Never: writes."""
