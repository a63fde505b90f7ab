"""The signed pass: CWT in a QR code, holder keys, generations; knows no ticket."""
