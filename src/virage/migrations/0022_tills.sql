-- Tills: devices that stand at outlets. What a device is put at is one idea for all kinds: its posts, which are codes of
-- outlets for a till, and codes of gates or letters of their groups for any other device.

-- A house pairs some hundred devices, and its processes are restarted with the migration that they run.
-- squawk-ignore renaming-column
alter table people.device rename column gates to posts;
-- squawk-ignore renaming-column
alter table people.pairing rename column gates to posts;

-- The old constraints go for ones that allow more, and are checked at once.
-- squawk-ignore ban-drop-constraint
alter table people.device drop constraint device_kind_check;
-- squawk-ignore constraint-missing-not-valid
alter table people.device add constraint device_kind_check check (kind in ('phone', 'lane', 'till'));
-- squawk-ignore ban-drop-constraint
alter table people.pairing drop constraint pairing_kind_check;
-- squawk-ignore constraint-missing-not-valid
alter table people.pairing add constraint pairing_kind_check check (kind in ('phone', 'lane', 'till'));
