"""From locations to what reads and writes there: servers, folders, buckets, plain addresses, and what plugins know.

A kind of location is a ``Place`` (``place.py``), which moves one file and lists one folder. What is the same
everywhere, folders in parallel and downloads that are whole or not there, is in ``transfers.py``; ``open.py`` tells
which place a URI means.
"""
