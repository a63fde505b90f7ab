-- expand: people and audio descriptions may have any language, by its BCP 47 tag.
alter table people.person drop constraint person_locale_check;
alter table people.person add constraint person_locale_check
check (locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$') not valid;
alter table replay.description drop constraint description_locale_check;
alter table replay.description add constraint description_locale_check
check (locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$') not valid;
alter table people.person validate constraint person_locale_check;
alter table replay.description validate constraint description_locale_check;
