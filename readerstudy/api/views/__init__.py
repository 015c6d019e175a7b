"""What programs can ask, and the page on which people make tokens for them."""
