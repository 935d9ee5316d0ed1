"""The commands, one file a question. In: options. Out: one call of a function, shown. Never: computes a number."""
