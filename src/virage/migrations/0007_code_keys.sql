-- What 0003 says of sign-in codes is true no more: there is one an address and browser, and one for whichever browser.
comment on table people.sign_in_code is
'A code of an address in the browser that asked for it, or (the key ends in 32 bytes ff) in whichever browser; where nobody asked, a decoy from the first try on.';
comment on column people.sign_in_code.address_key is
'The HMAC of the address, then that of the browser.';
