"""A store that needs nobody: it answers by itself, and appends what it answered to a folder for later."""
