"""The HTTP server: bytes in, messages to the service, bytes out."""
