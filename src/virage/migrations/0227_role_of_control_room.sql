-- expand: there is a role for the control room.
-- squawk-ignore ban-drop-constraint
alter table people.role_grant drop constraint role_grant_role_check;
alter table people.role_grant
-- squawk-ignore constraint-missing-not-valid
add constraint role_grant_role_check check (
    role in (
        'admin', 'venue_manager', 'programme', 'box_office', 'finance', 'steward', 'supervisor', 'controller',
        'cashier', 'kitchen', 'match_desk', 'media_desk', 'moderator', 'describer'
    )
);
