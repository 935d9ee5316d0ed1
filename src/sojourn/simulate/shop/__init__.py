"""The simulated shop for outdoor things: catalogue, personas, visits, checkout, and what follows.

In: a person's chance. Out: their messages and truth. Never: the shop of anyone.
"""
