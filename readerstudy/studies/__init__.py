"""Studies: protocol, arms, criteria, members, their states and who may reach them."""
