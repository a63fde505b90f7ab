-- Who asks in the recorded requests: sessions and devices whose tokens and keys are known, in the database of the dump
-- before it is migrated. A token is `golden-` and the name; the tables keep its SHA-256.

-- What the dump's own queue would still do is no part of the recording.
delete from kernel.job;

insert into people.session (id, token_hash, person_id, device, opened_at, authenticated_at, last_seen_at, expires_at)
select
    ('01970000-0000-7000-8000-00005e55' || lpad(row_number() over (order by p.email)::text, 4, '0'))::uuid,
    sha256(convert_to('golden-' || split_part(p.email, '@', 1), 'UTF8')), p.id, 'Firefox',
    :moment, :moment, :moment, :moment + interval '12 hours'
from people.person as p
where p.email like '%@example.org' and split_part(p.email, '@', 1) = any (array[
    'fan', 'friend', 'admin', 'office', 'promoter', 'finance', 'steward', 'supervisor', 'cashier', 'desk',
    'moderator', 'describer', 'kitchen'
]);

insert into people.session (id, token_hash, device, opened_at, last_seen_at, expires_at)
values (
    '01970000-0000-7000-8000-00005e55aaaa', sha256('golden-guest'), 'Firefox', :moment, :moment,
    :moment + interval '12 hours'
);

insert into people.program (id, token_hash, name, grants, created_by, created_at, expires_at)
select
    '01970000-0000-7000-8000-0000b0c0ffee', sha256('golden-program'), 'Season tickets',
    '[{"role": "box_office", "scope": "all", "scope_id": null}]', p.id, :moment, :moment + interval '1 day'
from people.person as p where p.email = 'admin@example.org';

insert into people.device
(id, pairing_id, token_hash, name, kind, posts, public_key, paired_at, last_seen_at, paired_by)
select
    d.id::uuid, d.pairing_id::uuid, sha256(convert_to('golden-' || d.kind, 'UTF8')), d.name, d.kind, d.posts::text[],
    jsonb_build_object('kty', 'OKP', 'crv', 'Ed25519', 'x', d.x), :moment, :moment, p.id
from people.person as p,
(
    values
    (
        '01970000-0000-7000-8000-000000000711', '01970000-0000-7000-8000-00000000a711', 'Golden till', 'till',
        '{01}', ':till_key'
    ),
    (
        '01970000-0000-7000-8000-000000000712', '01970000-0000-7000-8000-00000000a712', 'Golden lane', 'lane',
        '{A}', ':lane_key'
    ),
    (
        '01970000-0000-7000-8000-000000000713', '01970000-0000-7000-8000-00000000a713', 'Golden phone', 'phone',
        '{A,B}', ':phone_key'
    )
) as d (id, pairing_id, name, kind, posts, x)
where p.email = 'admin@example.org';

-- One camera saw the first minute. Its segments are known, their bytes are in no object store.
insert into replay.camera (name, programme, delay_ms) values ('main', true, 0);
insert into replay.media_key (camera, period, sealed)
values ('main', date_trunc('hour', :moment, 'UTC'), decode(':media_key', 'hex'));
insert into replay.track (id, take_id, camera, kind, codecs, width, height, began_at)
values (
    '01970000-0000-7000-8000-0000007ac001', '01970000-0000-7000-8000-0000007a4e01', 'main', 'video', 'avc1.64001f',
    640, 360, :moment
);
insert into replay.segment (id, track_id, camera, kind, at, duration_ms, bytes)
select
    ('01970000-0000-7000-8000-0000005e6' || lpad(second::text, 3, '0'))::uuid, '01970000-0000-7000-8000-0000007ac001',
    'main', 'video', :moment + second * interval '1 second', 1000, 10000
from generate_series(0, 59) as second;
insert into replay.suggestion (id, event_id, source, at, camera, strength)
select '01970000-0000-7000-8000-00000005a991', id, 'roar', :moment + interval '30 seconds', 'main', 90
from programme.event where title ->> 'fr' like 'Virage FC%';
