"""Programs that leave the same on a server, whichever client runs them."""
