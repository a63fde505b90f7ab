"""Card payments through a provider: intent, hosted page, webhook, refund, saved cards."""
