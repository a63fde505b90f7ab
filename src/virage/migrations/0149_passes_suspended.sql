-- expand: a suspended pass is revoked until it is reinstated, and keeps its phone.
alter table passes.pass add column suspended boolean not null default false;
