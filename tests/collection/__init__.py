"""Removing the deleted for good, files and all."""
