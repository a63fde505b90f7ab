-- name: takings_of_records()
-- Cash and terminal payments of each till less refunds, from the records' bytes.
select record.device_id, tender.value ->> 'kind' as kind, sum((tender.value ->> 'cents')::bigint)::bigint as cents
from fiscal.public_record as record
cross join lateral jsonb_array_elements(convert_from(record.body, 'UTF8')::jsonb -> 'tenders') as tender
where record.kind in ('sale', 'refund') and tender.value ->> 'kind' in ('cash', 'terminal')
group by 1, 2;

-- name: card_payment_losses()
-- Terminal takings in records that no captured payment covers, by till.
select device_id, sum(loss_cents)::bigint as cents from food_till.public_card_payment_loss group by device_id;
