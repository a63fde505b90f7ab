-- baseline: the books: statistics of tills, concessionaires and their terms.
create schema books;

-- The record of each till up to which statistics are computed. The row is locked while the next ones are computed.
create table books.figures_head (
    device_id uuid primary key,
    number bigint not null default 0
) with (fillfactor = 70);

-- Sales of a till by product, minute and VAT rate, computed from the records, at any time again. Without a product: the
-- part of a record's totals that its lines do not explain. One process writes here.
create table books.figure (
    device_id uuid not null,
    event_id uuid,
    product_id uuid,
    minute timestamptz not null,
    quantity bigint not null,
    gross_cents bigint not null,
    vat_cents bigint not null,
    refund_cents bigint not null,
    vat_permille integer not null,
    outlet text not null,
    unique nulls not distinct (minute, device_id, outlet, product_id, vat_permille, event_id)
) with (fillfactor = 90);
create index figure_event on books.figure (event_id, minute) where event_id is not null;

-- Number of sales and refunds of a till in a minute, and their tips.
create table books.receipt_figure (
    device_id uuid not null,
    event_id uuid,
    minute timestamptz not null,
    sales bigint not null,
    refunds bigint not null,
    tip_cents bigint not null,
    outlet text not null,
    unique nulls not distinct (minute, device_id, outlet, event_id)
) with (fillfactor = 90);

-- A company that runs outlets in its own name. `siret` is the number of the establishment as statements print it, empty
-- if it has not been entered.
create table books.concessionaire (
    id uuid primary key,
    name text not null,
    address text not null,
    vat_number text not null,
    commission_vat_permille integer not null check (commission_vat_permille between 0 and 1000),
    revision integer not null default 1,
    changed_at timestamptz not null,
    changed_by uuid,
    siret text not null default ''
);

-- Terms of a concessionaire for an outlet, from day to day, both included. An outlet has one set of terms per day:
-- ranges of days of one outlet may not overlap. GiST does not index text; the 64-bit hash of the outlet's code stands
-- for it. `loss_borne_by` says who bears losses.
create table books.terms (
    id uuid primary key,
    concessionaire_id uuid not null references books.concessionaire (id),
    outlet text not null,
    starts_on date not null,
    ends_on date,
    commission_permille integer not null check (commission_permille between 0 and 1000),
    entered_at timestamptz not null,
    entered_by uuid,
    loss_borne_by text not null default 'house' check (loss_borne_by in ('house', 'concessionaire')),
    constraint terms_in_order check (ends_on >= starts_on),
    constraint terms_apart exclude using gist (
        int8range(hashtextextended(outlet, 0), hashtextextended(outlet, 0), '[]') with &&,
        daterange(starts_on, ends_on, '[]') with &&
    )
);
create index terms_concessionaire on books.terms (concessionaire_id);
