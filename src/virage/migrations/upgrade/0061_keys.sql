-- Signing keys are a domain of their own. Programs of before find them no more: they end before this migration.
create schema keys;
-- squawk-ignore ban-set-schema
alter table passes.signing_key set schema keys;
