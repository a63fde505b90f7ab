-- expand: emails about orders and top-ups keep their subject, for the evidence of a dispute.
alter table people.letter add column subject text;
