-- What a till signed of a load: the bytes and the signature, by which the audit proves what it said. Loads of before
-- tills signed have neither; no new one is without.
alter table wallet.load add column body bytea, add column signature bytea;
alter table wallet.load add constraint signed_by_its_till check (
    body is not null and signature is not null and octet_length(signature) = 64
) not valid;
