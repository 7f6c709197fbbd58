"""How fast raw rows become marts, and marts become charts, beside plain SQL and beside the way it used to be done."""
