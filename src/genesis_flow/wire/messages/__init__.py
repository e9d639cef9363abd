"""What is asked and answered: a request and a response for every row of the table of operations."""
