"""The store in MLflow's own directory form, which both programs read and write."""
