"""What happens between the wire and a store: validate, authorize, store."""
