-- name: takings_of_records()
-- What the records of each till took in cash and by its terminal, less what they gave back, out of their own bytes.
select record.device_id, tender.value ->> 'kind' as kind, sum((tender.value ->> 'cents')::bigint)::bigint as cents
from fiscal.public_record as record
cross join lateral jsonb_array_elements(convert_from(record.body, 'UTF8')::jsonb -> 'tenders') as tender
where record.kind in ('sale', 'refund') and tender.value ->> 'kind' in ('cash', 'terminal')
group by 1, 2;
