-- expand: entries of draws name needs of access, and know whether their seats meet them.

-- `needs` are features that seats must have, health data that is stored with the person's consent and emptied when the
-- entry or the draw ends. `unmet` are those that the seats lack; null before the entry has seats.
alter table draws.entry
add column needs text [] not null default '{}', add column unmet text [];

-- An entry as queries return it: the columns are in the order of the fields of `EntryRow`.
create or replace view draws.entry_row as
select
    id, draw_id, person_id, code, party, wheelchair, wishes, any_other, method_id, terms, state, entered_at, confirmed_at,
    number, category, order_id, payment_id, pays_until, reason, size, told_at, needs, unmet
from draws.entry;
