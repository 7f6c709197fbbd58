"""A local Temu gateway: the real protocol over an invented, deterministic business.

Belongs here: everything that a shop's platform would do (signature check, scopes, quota, orders, money, goods,
after-sales, promotions), plus a virtual clock, faults on demand, companion files and the world's own truth.
Does not belong here: anything of `connectors.temu`; the two were written from the same reference and share no code,
because a shared signer would hide a shared bug. Nothing of this package is needed in production.

Run it alone: `python -m connectors.sandbox serve --data-dir DIR`.
"""
