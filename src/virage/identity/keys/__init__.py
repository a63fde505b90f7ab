"""Keys by purpose: the signing key of each event, the public keys of devices, documents signed by them."""
