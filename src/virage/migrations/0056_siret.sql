-- `siret`: the number of the establishment as it stands on statements, empty where nobody has said it.
alter table concessions.concessionaire add column siret text not null default '';
