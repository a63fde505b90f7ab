-- name: put_pin(person_id, salt, iterations, verifier, now)!
-- What a person's PIN is checked against, in place of the one before.
insert into people.pin (person_id, salt, iterations, verifier, set_at)
values (:person_id, :salt, :iterations, :verifier, :now)
on conflict (person_id) do update set
    salt = excluded.salt, iterations = excluded.iterations, verifier = excluded.verifier, set_at = excluded.set_at;

-- name: drop_pin(person_id)!
-- A person has no PIN any more.
delete from people.pin where person_id = :person_id;

-- name: pin_set_at(person_id)$
-- Since when a person has this PIN; null for none.
select set_at from people.pin where person_id = :person_id;

-- name: roster(lead, worker, scope, posts, venues, event_id, organiser_id)
-- Who has a PIN, and works at or leads one of the posts, their venue, the event, its organiser, or everything.
select
    p.id, coalesce(p.name, split_part(p.email, '@', 1)) as name, n.salt, n.iterations, n.verifier,
    bool_or(g.role = :lead::text) as supervisor,
    case when bool_and(g.scope = :scope) then array_agg(distinct g.scope_id) end as posts
from people.pin as n
join people.person as p on p.id = n.person_id
join people.role_grant as g on g.person_id = p.id
where
    g.role in (:worker::text, :lead) and (
        g.scope = 'all'
        or (g.scope = :scope and g.scope_id = any(:posts::text[]))
        or (g.scope = 'venue' and g.scope_id = any(:venues::text[]))
        or (g.scope = 'event' and g.scope_id = :event_id::text)
        or (g.scope = 'organiser' and g.scope_id = :organiser_id::text)
    )
group by p.id, n.person_id
order by p.id;

-- name: scopes_of_workers(lead, worker, scope, person_id)
-- Where persons with a PIN work or lead, at posts or in wider scopes; one person, or all for null.
select g.person_id, g.scope, g.scope_id
from people.pin as n
join people.role_grant as g on g.person_id = n.person_id
where
    g.role in (:worker::text, :lead)
    and g.scope in ('all', 'venue', 'event', 'organiser', :scope)
    and (:person_id::uuid is null or g.person_id = :person_id);
