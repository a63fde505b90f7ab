-- expand: people and audio descriptions may have any language, by its BCP 47 tag.
-- squawk-ignore ban-drop-constraint
alter table people.person drop constraint person_locale_check;
alter table people.person
-- squawk-ignore constraint-missing-not-valid
add constraint person_locale_check check (locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$');
-- squawk-ignore ban-drop-constraint
alter table replay.description drop constraint description_locale_check;
alter table replay.description
-- squawk-ignore constraint-missing-not-valid
add constraint description_locale_check check (locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$');
