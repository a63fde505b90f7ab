-- expand: renewals name needs of access with their wishes, and know their turn in the relocation round.

-- `wheelchairs` of the party need a wheelchair space, and `needs` are features that seats must have: health data that is
-- stored with the person's consent, and emptied with the wishes and at the end of the campaign. `turn` is the place in
-- the order in which the round gives seats, which differs from `number` by needs; null in rounds before this migration, and
-- once the seats are moved.
alter table seasons.renewal
add column wheelchairs integer not null default 0, add column needs text [] not null default '{}',
add column turn integer;
