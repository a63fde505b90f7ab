-- expand: a keyed digest of the browser in which tickets were listed, while the sale of their event is open.

alter table ticketing.listing add column browser_key bytea;
