"""The HTTP server's side of a request: who asks, what is allowed, how an answer or a refusal is written."""
