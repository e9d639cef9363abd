"""The store on a relational database: SQLite embedded, written so that PostgreSQL takes the same statements."""
