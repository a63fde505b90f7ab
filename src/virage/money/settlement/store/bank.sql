-- name: awaited_payouts()
-- Payouts of the operator without a bank line that may have one, oldest first.
select id, amount_cents, currency, arrives_on, reference, ref, created_at from settlement.payout
where account is null and state in ('in_transit', 'paid')
    and not exists (select from settlement.line where line.payout_id = payout.id)
order by created_at, id;

-- name: free_lines(since)
-- Bank lines without a payout, booked since a day.
select id, amount_cents, currency, booked_on, text, concerns from settlement.line
where payout_id is null and booked_on >= :since order by booked_on, id;

-- name: match_lines(line_ids, payout_ids, bys)!
-- Payouts of bank lines.
update settlement.line set payout_id = found.payout_id, matched_by = found.by, concerns = true
from unnest(:line_ids::uuid[], :payout_ids::uuid[], :bys::text[]) as found (line_id, payout_id, by)
where line.id = found.line_id and line.payout_id is null;

-- name: descriptors()
-- What bank statements may show of the provider.
select distinct descriptor from settlement.payout where descriptor is not null and account is null;

-- name: latest_booking()$
-- Last day of all statements.
select max(last_on) from settlement.statement;

-- name: put_account(id, mapping)!
-- A bank account; its columns, if they were chosen.
insert into settlement.account (id, mapping) values (:id, :mapping::jsonb)
on conflict (id) do update set mapping = coalesce(excluded.mapping, account.mapping);

-- name: accounts()
-- Bank accounts with the columns of their CSV files.
select id, mapping from settlement.account order by id;

-- name: insert_statement(id, account_id, sha256, position, format, file_name, now, by, first_on, last_on, opening_cents, closing_cents, lines, new_lines)!
-- An imported statement; the same file again is skipped.
insert into settlement.statement (
    id, account_id, sha256, position, format, file_name, imported_at, imported_by, first_on, last_on, opening_cents,
    closing_cents, line_count, new_count
) values (
    :id, :account_id, :sha256, :position, :format, :file_name, :now, :by, :first_on, :last_on, :opening_cents,
    :closing_cents, :lines, :new_lines
) on conflict (sha256, position) do nothing;

-- name: known_keys(keys)
-- Keys of lines that are stored.
select key from settlement.line where key = any(:keys::bytea[]);

-- name: insert_lines(statement_id, account_id, currency, ids, keys, booked_ons, amounts_cents, texts, concern)!
-- New lines of a statement.
insert into settlement.line (
    id, key, statement_id, account_id, booked_on, amount_cents, currency, text, concerns
)
select line.id, line.key, :statement_id, :account_id, line.booked_on, line.amount_cents, :currency, line.text,
    line.concerns
from unnest(
    :ids::uuid[], :keys::bytea[], :booked_ons::date[], :amounts_cents::bigint[], :texts::text[], :concern::boolean[]
) as line (id, key, booked_on, amount_cents, text, concerns)
order by line.id
on conflict (key) do nothing;

-- name: statements(most)
-- Imported statements, latest first.
select id, account_id, format, file_name, imported_at, imported_by, first_on, last_on, opening_cents, closing_cents,
    line_count, new_count
from settlement.statement order by imported_at desc, id limit :most;

-- name: lines(ids)
-- Bank lines by id.
select id, account_id, booked_on, amount_cents, currency, text, payout_id, matched_by from settlement.line
where id = any(:ids::uuid[]);

-- name: free_lines_near(first_on, last_on, most)
-- Bank lines without a payout in some days, those that name the provider first.
select id, account_id, booked_on, amount_cents, currency, text, payout_id, matched_by from settlement.line
where payout_id is null and booked_on between :first_on and :last_on
order by concerns desc, booked_on, id limit :most;

-- name: find_lines(amount_cents, most)
-- Bank lines with an amount (either sign), latest first.
select id, account_id, booked_on, amount_cents, currency, text, payout_id, matched_by from settlement.line
where amount_cents = any(array[:amount_cents::bigint, -:amount_cents::bigint])
order by booked_on desc, id limit :most;
