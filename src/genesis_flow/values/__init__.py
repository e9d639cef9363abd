"""The nouns of the interface as frozen values: an experiment, a run, a metric.

``message.py`` is written by hand, the rest by ``contract/generate.py``.
"""
