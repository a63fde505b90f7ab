-- expand: the names that tickets had with the person who gave them, in the order of `ticket_ids`; null if not known.

alter table ticketing.transfer add column given_names text [];
