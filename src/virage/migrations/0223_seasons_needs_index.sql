-- expand, concurrent: renewals that have needs, to delete them at the end of their campaign.
create index concurrently if not exists renewal_needs on seasons.renewal (campaign_id)
where wheelchairs > 0 or needs <> '{}';
