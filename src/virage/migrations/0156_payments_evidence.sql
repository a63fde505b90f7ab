-- expand: failed refunds and disputes have an owner, and the evidence of a dispute is sent to the provider once.
alter table payments.refund add column assignee uuid;
alter table payments.dispute add column assignee uuid;

-- Evidence of a dispute. `pdf` and `fields` name people: they are dropped once the provider has them, or once they can
-- not be sent any more (`failed_at`, with the `reason`). `sha256` is that of the PDF.
create table payments.evidence (
    id uuid primary key,
    dispute_id uuid not null references payments.dispute (id),
    sha256 bytea not null,
    pdf bytea,
    fields jsonb,
    requested_at timestamptz not null,
    requested_by uuid not null,
    attempts bigint not null default 0,
    due_at timestamptz not null,
    sent_at timestamptz,
    failed_at timestamptz,
    reason text,
    check (sent_at is null or failed_at is null),
    check ((pdf is null) = (sent_at is not null or failed_at is not null)),
    check ((fields is null) = (pdf is null))
);
create unique index evidence_once on payments.evidence (dispute_id) where failed_at is null;
create index evidence_dispute on payments.evidence (dispute_id, requested_at);
create index evidence_due on payments.evidence (due_at) where pdf is not null;
