-- How much a line of match data says that its player is the one whom the referee punished: lines of the referee refer to it.
alter table live.counted add column blame integer not null default 0;
