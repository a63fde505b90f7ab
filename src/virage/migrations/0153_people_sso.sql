-- expand: accounts of the staff at their OpenID provider (single sign-on).

-- Who signs in through the provider. Their sessions count until `valid_until`; each answer of the provider moves it.
-- `refresh_token` is sealed; null: the provider has ended the access, until the person signs in there again.
create table people.sso_account (
    person_id uuid primary key references people.person (id),
    issuer text not null,
    subject text not null,
    refresh_token bytea,
    linked_at timestamptz not null,
    confirmed_at timestamptz not null,
    check_at timestamptz not null,
    valid_until timestamptz not null,
    unique (issuer, subject)
);
create index sso_account_check on people.sso_account (check_at) where refresh_token is not null;

-- The provider's number of the sign-in that opened a session (`sid`), by which it ends it.
alter table people.session add column sso_sid text;

-- A grant that a group of the provider gives: it goes with the group.
alter table people.role_grant add column by_sso boolean not null default false;
