"""Whether what the pages say is so."""
