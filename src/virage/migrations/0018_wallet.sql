create schema wallet;
create table wallet.purse (id uuid primary key, owner_id uuid, opened_at timestamptz not null, frozen_at timestamptz);
