"""Settlement: payouts of the payment provider, reconciled with our payments and with the bank."""
