-- expand: where a reward was handed over: the till, its cashier, and the id of the request, so that a repetition is one use.
alter table points.redemption
add column till_id uuid, add column cashier_id uuid, add column handover_id uuid;
