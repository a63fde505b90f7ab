-- baseline: pages with the operator's own text.
create schema pages;

-- A version never changes: orders name the version of the terms that their buyer accepted.
create table pages.version (
    id uuid primary key,
    kind text not null check (kind in ('terms', 'privacy', 'legal_notice', 'accessibility', 'help')),
    language text not null,
    revision integer not null check (revision > 0),
    title text not null,
    body text not null,
    published_at timestamptz not null,
    unique (kind, language, revision)
);
