"""What is logged offline: a folder of append-only files, how they are written, and how they are read again."""
