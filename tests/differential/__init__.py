"""The differential test: the same calls go to MLflow's server and to ours, and the answers must be equal."""
