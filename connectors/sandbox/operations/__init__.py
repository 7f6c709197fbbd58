"""The operations of the router, one module per family. Belongs here: wire names, filters, paging, rendering to JSON."""
