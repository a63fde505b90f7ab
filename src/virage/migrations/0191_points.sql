-- expand: points of organisers: programmes, accounts of fans, what moved in them, rewards and their redemption.
create schema points;

-- The programme of an organiser. Each revision of its content stays, because movements name the one they were made by.
create table points.programme (
    organiser_id uuid primary key,
    revision integer not null
);

create table points.programme_revision (
    organiser_id uuid not null references points.programme (organiser_id),
    revision integer not null,
    content jsonb not null,
    set_at timestamptz not null,
    primary key (organiser_id, revision)
);

-- A fan who takes part. The balance is that of the ledger's account of kind `points` whose key is this id. A person who
-- left keeps closed accounts; an erased person is removed from all of them. `emptied_at`: the points of a closed account
-- have lapsed.
create table points.account (
    id uuid primary key,
    organiser_id uuid not null references points.programme (organiser_id),
    person_id uuid,
    joined_at timestamptz not null,
    closed_at timestamptz,
    emptied_at timestamptz,
    constraint emptied_is_closed check (emptied_at is null or closed_at is not null),
    constraint open_has_person check (closed_at is not null or person_id is not null)
);
create unique index account_person on points.account (person_id, organiser_id) where closed_at is null;
create index account_of_person on points.account (person_id) where person_id is not null;
create index account_organiser on points.account (organiser_id) where closed_at is null;
create index account_to_empty on points.account (id) where closed_at is not null and emptied_at is null;

-- What moved in an account, with the id of its transfer in the ledger. `source` is the event, order or food order that
-- earned, the redemption, or the account itself. `written_off` are points that a refund should have taken back and that
-- had been spent. `rate` and `multiplier_permille` are those of the rule and the tier when the points were earned;
-- `cents` is what was spent, less refunds.
create table points.movement (
    id uuid primary key,
    account_id uuid not null references points.account (id),
    number integer not null,
    kind text not null check (kind in ('earned', 'taken_back', 'redeemed', 'returned', 'lapsed')),
    at timestamptz not null,
    points bigint not null,
    written_off bigint not null default 0 check (written_off >= 0),
    source uuid not null,
    rule_id uuid,
    revision integer,
    rate integer,
    multiplier_permille integer,
    event_id uuid,
    cents bigint,
    constraint sign_of_the_kind check (
        case kind
            when 'earned' then points > 0 when 'returned' then points > 0
            when 'taken_back' then points <= 0 and (points < 0 or written_off > 0) else points < 0
        end
    ),
    constraint earned_by_a_rule check (
        kind not in ('earned', 'taken_back')
        or (rule_id is not null and revision is not null and rate is not null and multiplier_permille is not null)
    )
);
create unique index movement_number on points.movement (account_id, number);
create unique index movement_earned on points.movement (account_id, rule_id, source) where kind = 'earned';
create index movement_source on points.movement (source);

-- What points buy. `stock` is how many there ever were, null without a limit; `taken` how many are redeemed and not
-- cancelled.
create table points.reward (
    id uuid primary key,
    organiser_id uuid not null references points.programme (organiser_id),
    revision integer not null,
    kind text not null check (kind in ('voucher', 'upgrade', 'experience')),
    name jsonb not null,
    description jsonb not null,
    price_points integer not null check (price_points > 0),
    stock integer check (stock >= 0),
    taken integer not null default 0 check (taken >= 0),
    limit_per_person integer check (limit_per_person > 0),
    opens_at timestamptz not null,
    closes_at timestamptz not null,
    voucher_cents bigint check (voucher_cents > 0),
    asks_text boolean not null,
    created_at timestamptz not null,
    constraint within_stock check (taken <= stock),
    constraint opens_before_it_closes check (opens_at < closes_at),
    constraint voucher_has_an_amount check ((kind = 'voucher') = (voucher_cents is not null))
);
create index reward_organiser on points.reward (organiser_id);

-- A reward that a fan redeemed; `name` is that of the reward at the time. `by_bonus`: paid as bonus credit of the wallet.
create table points.redemption (
    id uuid primary key,
    account_id uuid not null references points.account (id),
    reward_id uuid not null references points.reward (id),
    name jsonb not null,
    price_points integer not null,
    state text not null check (state in ('open', 'ready', 'handed_over', 'cancelled')),
    code text not null,
    by_bonus boolean not null,
    redeemed_at timestamptz not null,
    state_at timestamptz not null,
    cancel_reason text
);
create unique index redemption_code on points.redemption (code);
create index redemption_account on points.redemption (account_id);
create index redemption_reward on points.redemption (reward_id, redeemed_at);

-- The text that a fan wrote for a reward, such as a message on the board; deleted with the person.
create table points.redemption_text (
    redemption_id uuid primary key references points.redemption (id),
    text text not null
);

-- Points that an account was told will lapse: never fewer than 30 days before. `done_at`: they have lapsed, or were spent.
create table points.lapse_notice (
    account_id uuid not null references points.account (id),
    lapses_at timestamptz not null,
    id uuid not null unique,
    points bigint not null check (points > 0),
    told_at timestamptz not null,
    done_at timestamptz,
    primary key (account_id, lapses_at)
);
create index lapse_notice_due on points.lapse_notice (lapses_at) where done_at is null;

-- The position of the journal up to which points were earned, as its two parts.
create table points.journal_position (
    only_row boolean primary key default true check (only_row),
    xid xid8 not null,
    seq bigint not null
);
