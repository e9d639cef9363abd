"""The store on MongoDB, and on what speaks its protocol, such as Azure Cosmos DB."""
