"""The invented business: shops, goods, demand, orders, life cycles, money, after-sales.

Belongs here: facts, each a pure function of (world specification, instant). Does not belong here: JSON and HTTP.
Instants are whole epoch seconds in UTC, money is an integer of minor units, days are numbered from the epoch.
"""
