"""The simulated software for planning work, sold to companies: visitors, trials, customers and their colleagues.

In: a company's chance. Out: its people's messages and truth. Never: the software of anyone.
"""
