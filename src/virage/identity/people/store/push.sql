-- name: keep_session(session_id)$
-- A session, locked against its end; null if it has ended. Locked before subscriptions:
-- who ends a session locks it before its subscriptions too.
select id from people.session where id = :session_id for key share;

-- name: drop_endpoint(endpoint, id)!
-- An address belongs to the subscription that names it last.
delete from people.push_subscription where endpoint = :endpoint and id <> :id;

-- name: put_subscription(id, session_id, endpoint, p256dh, auth, vapid, now)$
-- Insert or update a subscription; null for an id of another session.
insert into people.push_subscription as s (id, session_id, endpoint, p256dh, auth, vapid, subscribed_at)
values (:id, :session_id, :endpoint, :p256dh, :auth, :vapid, :now)
on conflict (id) do update set endpoint = excluded.endpoint, p256dh = excluded.p256dh, auth = excluded.auth,
    vapid = excluded.vapid, subscribed_at = excluded.subscribed_at
where s.session_id = excluded.session_id
returning id;

-- name: trim_subscriptions(session_id, limit)!
-- Delete all but the latest subscriptions of a session.
with beyond as (
    select id from people.push_subscription where session_id = :session_id
    order by subscribed_at desc, id desc offset :limit for update skip locked
)
delete from people.push_subscription as s using beyond where s.id = beyond.id;

-- name: drop_subscription(id, session_id)!
-- One subscription of a session.
delete from people.push_subscription where id = :id and session_id = :session_id;

-- name: end_subscriptions(ids)!
-- Subscriptions that their push services report as ended.
with gone as (
    select id from people.push_subscription where id = any(:ids::uuid[]) order by id for update
)
delete from people.push_subscription as s using gone where s.id = gone.id;

-- name: subscribers(ids, now)
-- Subscriptions of live sessions.
select s.id, s.endpoint, s.p256dh, s.auth, s.vapid
from people.push_subscription as s inner join people.session as b on b.id = s.session_id
where s.id = any(:ids::uuid[]) and b.expires_at > :now;

-- name: raise_revision(topic, revision, expires_at)!
-- Store the last correcting revision of a topic.
insert into people.push_topic as t (topic, revision, expires_at) values (:topic, :revision, :expires_at)
on conflict (topic) do update set revision = greatest(t.revision, excluded.revision),
    expires_at = greatest(t.expires_at, excluded.expires_at);

-- name: revision_of(topic)$
-- The last correcting revision of a topic; null without corrections.
select revision from people.push_topic where topic = :topic;

-- name: delete_expired_topics(now)!
-- Topics of which nothing is sent any more.
with over as (
    select topic from people.push_topic where expires_at < :now order by topic for update skip locked
)
delete from people.push_topic as t using over where t.topic = over.topic;

-- name: subscriptions_of(person_ids, now)
-- The subscriptions of persons, with their language.
select s.id, b.person_id, p.locale
from people.push_subscription as s
inner join people.session as b on b.id = s.session_id
inner join people.person as p on p.id = b.person_id
where b.person_id = any(:person_ids::uuid[]) and b.expires_at > :now order by s.id;

-- name: endpoints_of(person_id)
-- Where a person asked to be told, for their export.
select s.id, s.endpoint, s.subscribed_at
from people.push_subscription as s inner join people.session as b on b.id = s.session_id
where b.person_id = :person_id order by s.id;
