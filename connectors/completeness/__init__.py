"""Is everything there? The arithmetic behind the answer, free of clocks, gateways and databases.

Belongs here: business days, the ledger's sums, the overlap learnt from lateness, when silence is suspicious.
Does not belong here: asking the platform (`connectors.sync`), SQL (`connectors.postgres`, `orchestration`).
"""
