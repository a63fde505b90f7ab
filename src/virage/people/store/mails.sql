-- name: put_letters(mail_ids, address_keys, sealed, expiries)!
-- Letters on their way, sealed.
insert into people.mail (id, address_key, sealed, expires_at)
select * from unnest(:mail_ids::uuid[], :address_keys::bytea[], :sealed::bytea[], :expiries::timestamptz[]);

-- name: letter(mail_id)$
-- One letter that waits.
select sealed from people.mail where id = :mail_id;

-- name: drop_letter(mail_id)!
-- The letter was sent, or need not be any more.
delete from people.mail where id = :mail_id;

-- name: tidy_letters(now)!
-- Letters that came too late.
delete from people.mail where expires_at <= :now;

-- name: deliver(mail_id, recipient, subject, body, now)!
-- A letter in the demonstration's mailbox.
insert into people.mailbox (id, recipient, subject, body, arrived_at)
values (:mail_id, :recipient, :subject, :body, :now) on conflict (id) do nothing;

-- name: mailbox(most)
-- The latest letters of the demonstration.
select id, recipient, subject, body, arrived_at from people.mailbox order by arrived_at desc, id desc limit :most;
