"""What was logged offline, on its way to a server."""
