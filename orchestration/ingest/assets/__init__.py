"""Assets of the light location: one module per source."""
