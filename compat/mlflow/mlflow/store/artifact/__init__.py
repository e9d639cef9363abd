"""Where artifacts are."""
