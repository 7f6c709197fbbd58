"""The operations of the router, one module per family; `plain` has those of the simplified REST interface.

Belongs here: wire names, filters, paging, rendering to JSON.
"""
