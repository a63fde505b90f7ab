"""Bank-card payments through a provider: intent, confirmation, webhook, refund."""
