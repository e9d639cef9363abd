"""Where experiments, runs and metrics are kept: one protocol, several backends."""
