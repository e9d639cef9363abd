"""What happens to a running server when the world around it fails."""
