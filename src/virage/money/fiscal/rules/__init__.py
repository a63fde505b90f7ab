"""What a till writes, chained and signed, and what is made of it: closings and archives (CGI art. 286, I, 3 bis)."""
