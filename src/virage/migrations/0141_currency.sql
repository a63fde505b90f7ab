-- expand: the currency of all amounts, stored at the first start and never changed.
create table kernel.currency (
    one boolean primary key default true check (one),
    code text not null check (code ~ '^[A-Z]{3}$')
);

-- Amounts of 0.2.0 and older are in euros.
insert into kernel.currency (code)
select 'EUR'
where exists (select from payments.payment)
    or exists (select from wallet_ledger.transfer)
    or exists (select from fiscal.record)
    or exists (select from ticketing.pricing)
    or exists (select from food_menu.price);
