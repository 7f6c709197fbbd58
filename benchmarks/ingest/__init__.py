"""How fast order lines come from a gateway over HTTP into raw Postgres, beside other ways of doing it."""
