"""What the clients run: each file is one test, run by the client's own interpreter."""
