"""How long an event takes from the door into the marts of a running demo."""
