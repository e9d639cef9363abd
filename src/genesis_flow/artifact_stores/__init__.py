"""Artifacts: the files of runs and models, behind one protocol, wherever the operator keeps them."""
