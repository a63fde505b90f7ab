-- expand: there is a role for venues, roles have the scope of a venue, and devices keep the posts that they left.
-- squawk-ignore ban-drop-constraint
alter table people.role_grant drop constraint role_grant_role_check;
alter table people.role_grant
-- squawk-ignore constraint-missing-not-valid
add constraint role_grant_role_check check (
    role in (
        'admin', 'venue_manager', 'programme', 'box_office', 'finance', 'steward', 'supervisor', 'cashier', 'kitchen',
        'match_desk', 'media_desk', 'moderator', 'describer'
    )
);
-- squawk-ignore ban-drop-constraint
alter table people.role_grant drop constraint role_grant_scope_check;
alter table people.role_grant
-- squawk-ignore constraint-missing-not-valid
add constraint role_grant_scope_check check (scope in ('all', 'venue', 'organiser', 'event', 'gate', 'outlet'));

-- `earlier_posts` are those before the moves until `moved_at`: what was signed there is still uploaded.
alter table people.device add column earlier_posts text[] not null default '{}';
alter table people.device add column moved_at timestamptz;
