"""The top. In: a command line or a call. Out: the parts wired together. Never: imported by another room."""
