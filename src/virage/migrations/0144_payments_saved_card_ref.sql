-- expand: the provider's id of a saved card, for charges; the sandbox provider uses ours.
alter table payments.method add column provider_ref text;
