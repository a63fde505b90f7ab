-- expand: another card for the later instalments of a plan, until it is saved and replaces the first one. Rows change
-- under the lock of the plan; 0199 creates the table of plans.

create table packages.next_card (
    plan_id uuid primary key,
    method_id uuid not null
);
