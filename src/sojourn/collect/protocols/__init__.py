"""What clients send over HTTP, a protocol a file. In: bytes of a body. Out: events, or rejected messages with a reason. Never: stores."""
