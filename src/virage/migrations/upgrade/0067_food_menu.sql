-- What is sold and what is left of it is a domain of its own. Programs of before find it no more: they end before this
-- migration.
create schema food_menu;
-- squawk-ignore ban-set-schema
alter table concessions.draft set schema food_menu;
-- squawk-ignore ban-set-schema
alter table concessions.item set schema food_menu;
-- squawk-ignore ban-set-schema
alter table concessions.price set schema food_menu;
-- squawk-ignore ban-set-schema
alter table concessions.version set schema food_menu;
-- squawk-ignore ban-set-schema
alter table concessions.version_item set schema food_menu;
-- squawk-ignore ban-set-schema
alter table concessions.version_price set schema food_menu;
-- squawk-ignore ban-set-schema
alter table concessions.publication set schema food_menu;
-- squawk-ignore ban-set-schema
alter table concessions.picture set schema food_menu;
-- squawk-ignore ban-set-schema
alter table concessions.derogation set schema food_menu;
-- squawk-ignore ban-set-schema
alter table concessions.stock set schema food_menu;
-- squawk-ignore ban-set-schema
alter table concessions.stock_document set schema food_menu;
-- squawk-ignore ban-set-schema
alter table concessions.movement set schema food_menu;

-- For domains above: what outlets have and what moved there, and what products are called in each publication.
create view food_menu.public_stock as select outlet, product_id, level from food_menu.stock;

create view food_menu.public_movement as select id, outlet, product_id, kind, quantity, at from food_menu.movement;

create view food_menu.public_product_name as
select item.item_id as product_id, item.content -> 'name' as name, publication.number as publication
from food_menu.version_item as item
inner join food_menu.publication on publication.version = item.version;
