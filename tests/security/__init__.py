"""Attacks on a running server, from outside."""
