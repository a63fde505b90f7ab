"""Evidence of disputed payments: what is recorded of a purchase, as a document for the bank."""
