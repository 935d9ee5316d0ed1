"""What an event's user agent, referrer and address tell. In: context and properties as sent. Out: named results, docs/channels.md.

Pure and cached, in the room that knows nothing of ours, so that history (store) and the live path (signals) can ask the same function.
Never stores, asks a network, or runs in the collector, which only appends.
"""
