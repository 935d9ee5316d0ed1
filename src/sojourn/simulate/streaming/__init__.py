"""The simulated streaming service: visitors who try it, members who watch, and those who go.

In: a person's chance. Out: their messages and truth. Never: the service of anyone.
"""
