"""Stage 1 of 8. In: bytes of files and requests. Out: events or rejected rows, each with a typed reason. Never: stores anything."""
