"""MLflow's interface on the wire: the table of operations, their messages, and MLflow's JSON dialect."""
