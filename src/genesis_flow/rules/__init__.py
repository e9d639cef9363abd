"""Pure rules: limits, names, ids, page tokens, the clock, safe paths. No input or output, no state."""
