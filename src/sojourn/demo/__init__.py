"""The demo. In: a collector and its keys. Out: a shop with our tracker, and simulated visitors who come to it. Never: a request to another machine."""
