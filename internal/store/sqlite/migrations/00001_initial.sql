-- +goose Up
-- Times are microseconds since 1970 UTC, 0 = unset. References are NULL when
-- there is none. JSON is text as given, '' = nothing given. Booleans are 0 or
-- 1. Lists are JSON arrays, '' = empty.
--
-- References carry the account, so that a row of another account is as good as
-- absent; the UNIQUE (account_id, id) of every parent serves them, and the
-- walks through a whole account. Pointers from a conversation to its entries
-- go round in a circle and have no foreign key; where a reference already
-- implies the account there is none on the account.

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- Ids of spaces that several tables share, or that are needed before the row.
CREATE TABLE id_spaces (
    space   TEXT PRIMARY KEY,
    last_id INTEGER NOT NULL
) STRICT;
INSERT INTO id_spaces (space, last_id) VALUES ('person', 0), ('identity', 0), ('entry', 0);

-- The look-up tables: what is found without its account. On a distributed
-- database they are reference tables, hence without foreign keys.
CREATE TABLE account_uuids (
    uuid       TEXT PRIMARY KEY,
    account_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE token_hashes (
    hash       TEXT PRIMARY KEY,
    account_id INTEGER NOT NULL,
    token_id   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE inbox_identifiers (
    identifier TEXT PRIMARY KEY,
    account_id INTEGER NOT NULL,
    inbox_id   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid               TEXT NOT NULL,
    name               TEXT NOT NULL,
    locale             TEXT NOT NULL,
    timezone           TEXT NOT NULL,
    settings           TEXT NOT NULL,
    epoch              TEXT NOT NULL,
    event_seq          INTEGER NOT NULL,
    last_display_id    INTEGER NOT NULL,
    conversation_count INTEGER NOT NULL,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL
) STRICT;

CREATE TABLE agents (
    id            INTEGER PRIMARY KEY,
    account_id    INTEGER NOT NULL REFERENCES accounts (id),
    uuid          TEXT NOT NULL,
    type          TEXT NOT NULL CHECK (type IN ('person', 'bot')),
    name          TEXT NOT NULL,
    first_name    TEXT NOT NULL,
    last_name     TEXT NOT NULL,
    display_name  TEXT NOT NULL,
    description   TEXT NOT NULL,
    email         TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    role          TEXT NOT NULL CHECK (role IN ('', 'administrator', 'agent')),
    identity_id   INTEGER NOT NULL,
    provider_type INTEGER NOT NULL,
    address       TEXT NOT NULL,
    avatar_url    TEXT NOT NULL,
    availability  TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    UNIQUE (account_id, id)
) STRICT;
CREATE UNIQUE INDEX agents_uuid ON agents (account_id, uuid);
CREATE UNIQUE INDEX agents_email ON agents (account_id, email) WHERE email <> '';
CREATE UNIQUE INDEX agents_identity ON agents (account_id, identity_id);

CREATE TABLE tokens (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    name       TEXT NOT NULL,
    agent_id   INTEGER,
    hash       TEXT NOT NULL,
    scopes     TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (account_id, id),
    FOREIGN KEY (account_id, agent_id) REFERENCES agents (account_id, id)
) STRICT;
CREATE UNIQUE INDEX tokens_name ON tokens (account_id, name);

CREATE TABLE teams (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    name       TEXT NOT NULL,
    agent_ids  TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (account_id, id)
) STRICT;
CREATE UNIQUE INDEX teams_name ON teams (account_id, name);

CREATE TABLE label_groups (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    name       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (account_id, id)
) STRICT;
CREATE UNIQUE INDEX label_groups_name ON label_groups (account_id, name);

CREATE TABLE labels (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id  INTEGER NOT NULL REFERENCES accounts (id),
    title       TEXT NOT NULL,
    group_id    INTEGER,
    type        INTEGER NOT NULL,
    color       TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    UNIQUE (account_id, id),
    FOREIGN KEY (account_id, group_id) REFERENCES label_groups (account_id, id)
) STRICT;
CREATE UNIQUE INDEX labels_title ON labels (account_id, title);

CREATE TABLE canned_responses (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    short_code TEXT NOT NULL,
    content    TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (account_id, id)
) STRICT;
CREATE UNIQUE INDEX canned_responses_short_code ON canned_responses (account_id, short_code);

CREATE TABLE webhooks (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    url        TEXT NOT NULL,
    events     TEXT NOT NULL,
    format     TEXT NOT NULL,
    secret     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (account_id, id)
) STRICT;
CREATE UNIQUE INDEX webhooks_url ON webhooks (account_id, url);

CREATE TABLE inboxes (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id     INTEGER NOT NULL REFERENCES accounts (id),
    uuid           TEXT NOT NULL,
    name           TEXT NOT NULL,
    channel        TEXT NOT NULL,
    identifier     TEXT NOT NULL,
    website_token  TEXT NOT NULL,
    hmac_token     TEXT NOT NULL,
    hmac_mandatory INTEGER NOT NULL,
    greeting       TEXT NOT NULL,
    timezone       TEXT NOT NULL,
    working_hours  TEXT NOT NULL,
    settings       TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    UNIQUE (account_id, id)
) STRICT;
CREATE UNIQUE INDEX inboxes_uuid ON inboxes (account_id, uuid);
CREATE UNIQUE INDEX inboxes_name ON inboxes (account_id, name);

CREATE TABLE sub_inboxes (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL,
    inbox_id   INTEGER NOT NULL,
    name       TEXT NOT NULL,
    UNIQUE (account_id, id),
    FOREIGN KEY (account_id, inbox_id) REFERENCES inboxes (account_id, id)
) STRICT;
CREATE UNIQUE INDEX sub_inboxes_name ON sub_inboxes (account_id, inbox_id, name);

CREATE TABLE contacts (
    id                    INTEGER PRIMARY KEY,
    account_id            INTEGER NOT NULL REFERENCES accounts (id),
    uuid                  TEXT NOT NULL,
    name                  TEXT NOT NULL,
    first_name            TEXT NOT NULL,
    middle_name           TEXT NOT NULL,
    last_name             TEXT NOT NULL,
    email                 TEXT NOT NULL,
    phone                 TEXT NOT NULL,
    phone2                TEXT NOT NULL,
    identifier            TEXT NOT NULL,
    contact_type          TEXT NOT NULL,
    country_code          TEXT NOT NULL,
    location              TEXT NOT NULL,
    company_id            INTEGER NOT NULL,
    locale                TEXT NOT NULL,
    gender                TEXT NOT NULL,
    birthday              TEXT NOT NULL,
    remarks               TEXT NOT NULL,
    blocked               INTEGER NOT NULL,
    avatar_url            TEXT NOT NULL,
    label_ids             TEXT NOT NULL,
    custom_attributes     TEXT NOT NULL,
    additional_attributes TEXT NOT NULL,
    ext                   TEXT NOT NULL,
    last_activity_at      INTEGER NOT NULL,
    created_at            INTEGER NOT NULL,
    updated_at            INTEGER NOT NULL,
    UNIQUE (account_id, id)
) STRICT;
CREATE UNIQUE INDEX contacts_uuid ON contacts (account_id, uuid);
CREATE UNIQUE INDEX contacts_email ON contacts (account_id, email) WHERE email <> '';
CREATE UNIQUE INDEX contacts_phone ON contacts (account_id, phone) WHERE phone <> '';
CREATE UNIQUE INDEX contacts_identifier ON contacts (account_id, identifier) WHERE identifier <> '';

CREATE TABLE identities (
    id            INTEGER PRIMARY KEY,
    account_id    INTEGER NOT NULL,
    uuid          TEXT NOT NULL,
    contact_id    INTEGER NOT NULL,
    provider_type INTEGER NOT NULL,
    address       TEXT NOT NULL,
    first_name    TEXT NOT NULL,
    last_name     TEXT NOT NULL,
    email         TEXT NOT NULL,
    user_name     TEXT NOT NULL,
    avatar_url    TEXT NOT NULL,
    ext           TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    UNIQUE (account_id, id),
    FOREIGN KEY (account_id, contact_id) REFERENCES contacts (account_id, id)
) STRICT;
CREATE UNIQUE INDEX identities_uuid ON identities (account_id, uuid);
CREATE UNIQUE INDEX identities_address ON identities (account_id, provider_type, address);
CREATE INDEX identities_contact ON identities (account_id, contact_id);

CREATE TABLE contact_inboxes (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id    INTEGER NOT NULL,
    identity_id   INTEGER NOT NULL,
    contact_id    INTEGER NOT NULL,
    inbox_id      INTEGER NOT NULL,
    source_id     TEXT NOT NULL,
    pubsub_token  TEXT NOT NULL,
    hmac_verified INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    UNIQUE (account_id, id),
    FOREIGN KEY (account_id, identity_id) REFERENCES identities (account_id, id),
    FOREIGN KEY (account_id, contact_id) REFERENCES contacts (account_id, id),
    FOREIGN KEY (account_id, inbox_id) REFERENCES inboxes (account_id, id)
) STRICT;
CREATE UNIQUE INDEX contact_inboxes_source ON contact_inboxes (account_id, inbox_id, source_id);
CREATE INDEX contact_inboxes_identity ON contact_inboxes (account_id, identity_id, inbox_id);

CREATE TABLE conversations (
    id                    INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id            INTEGER NOT NULL,
    uuid                  TEXT NOT NULL,
    display_id            INTEGER NOT NULL,
    inbox_id              INTEGER NOT NULL,
    sub_inbox_id          INTEGER,
    contact_id            INTEGER NOT NULL,
    identity_id           INTEGER NOT NULL,
    contact_inbox_id      INTEGER,
    status                TEXT NOT NULL CHECK (status IN ('open', 'pending', 'snoozed', 'resolved')),
    status_code           INTEGER NOT NULL,
    archived_at           INTEGER NOT NULL,
    priority              TEXT NOT NULL,
    subject               TEXT NOT NULL,
    opened_by             INTEGER NOT NULL CHECK (opened_by IN (0, 1)),
    external_id           TEXT NOT NULL,
    label_ids             TEXT NOT NULL,
    assignee_id           INTEGER,
    last_assignee_id      INTEGER,
    assignee_bot_id       INTEGER,
    owner_id              INTEGER,
    bot_id                INTEGER,
    team_id               INTEGER,
    custom_attributes     TEXT NOT NULL,
    additional_attributes TEXT NOT NULL,
    ext                   TEXT NOT NULL,
    primary_message_id    INTEGER NOT NULL,
    snoozed_until         INTEGER NOT NULL,
    contact_last_seen_at  INTEGER NOT NULL,
    agent_last_seen_at    INTEGER NOT NULL,
    created_at            INTEGER NOT NULL,
    last_position         INTEGER NOT NULL,
    message_count         INTEGER NOT NULL,
    last_message_id       INTEGER NOT NULL,
    last_listed_id        INTEGER NOT NULL,
    agent_seq             INTEGER NOT NULL,
    contact_seq           INTEGER NOT NULL,
    contact_cursor        INTEGER NOT NULL,
    agent_cursor          INTEGER NOT NULL,
    contact_read_id       INTEGER NOT NULL,
    agent_read_id         INTEGER NOT NULL,
    first_response_at     INTEGER NOT NULL,
    last_response_at      INTEGER NOT NULL,
    closed_at             INTEGER NOT NULL,
    waiting_since         INTEGER NOT NULL,
    last_message_at       INTEGER NOT NULL,
    last_activity_at      INTEGER NOT NULL,
    customer_updated_at   INTEGER NOT NULL,
    updated_at            INTEGER NOT NULL,
    UNIQUE (account_id, id),
    FOREIGN KEY (account_id, inbox_id) REFERENCES inboxes (account_id, id),
    FOREIGN KEY (account_id, sub_inbox_id) REFERENCES sub_inboxes (account_id, id),
    FOREIGN KEY (account_id, contact_id) REFERENCES contacts (account_id, id),
    FOREIGN KEY (account_id, identity_id) REFERENCES identities (account_id, id),
    FOREIGN KEY (account_id, contact_inbox_id) REFERENCES contact_inboxes (account_id, id),
    FOREIGN KEY (account_id, assignee_id) REFERENCES agents (account_id, id),
    FOREIGN KEY (account_id, last_assignee_id) REFERENCES agents (account_id, id),
    FOREIGN KEY (account_id, assignee_bot_id) REFERENCES agents (account_id, id),
    FOREIGN KEY (account_id, owner_id) REFERENCES agents (account_id, id),
    FOREIGN KEY (account_id, bot_id) REFERENCES agents (account_id, id),
    FOREIGN KEY (account_id, team_id) REFERENCES teams (account_id, id)
) STRICT;
CREATE UNIQUE INDEX conversations_display_id ON conversations (account_id, display_id);
CREATE UNIQUE INDEX conversations_uuid ON conversations (account_id, uuid);
CREATE INDEX conversations_identity_closing ON conversations (account_id, identity_id, (CASE WHEN closed_at = 0 THEN 9223372036854775807 ELSE closed_at END), created_at, id);
CREATE INDEX conversations_identity_last ON conversations (account_id, identity_id, last_message_at, created_at, id);
CREATE INDEX conversations_contact_last ON conversations (account_id, contact_id, last_message_at, created_at, id);
CREATE INDEX conversations_last ON conversations (account_id, last_message_at, created_at, id);
CREATE INDEX conversations_contact_inbox ON conversations (account_id, contact_inbox_id, id) WHERE contact_inbox_id IS NOT NULL;
CREATE INDEX conversations_contact ON conversations (account_id, contact_id, id);
CREATE INDEX conversations_owner_last ON conversations (account_id, owner_id, last_message_at, created_at, id) WHERE owner_id IS NOT NULL;
CREATE INDEX conversations_bot_last ON conversations (account_id, bot_id, last_message_at, created_at, id) WHERE bot_id IS NOT NULL;
CREATE INDEX conversations_unread ON conversations (account_id, identity_id, inbox_id, agent_seq, contact_cursor) WHERE agent_seq > contact_cursor;
CREATE INDEX conversations_external_id ON conversations (account_id, external_id) WHERE external_id <> '';

-- Messages, notes and activities.
CREATE TABLE entries (
    id                 INTEGER PRIMARY KEY,
    account_id         INTEGER NOT NULL,
    uuid               TEXT NOT NULL,
    conversation_id    INTEGER NOT NULL,
    position           INTEGER NOT NULL,
    kind               TEXT NOT NULL CHECK (kind IN ('message', 'note', 'activity')),
    sender_type        TEXT NOT NULL CHECK (sender_type IN ('contact', 'agent', 'system')),
    sender_id          INTEGER NOT NULL,
    sender_identity_id INTEGER NOT NULL,
    origin             TEXT NOT NULL,
    listed             INTEGER NOT NULL,
    counts             INTEGER NOT NULL,
    agent_seq          INTEGER NOT NULL,
    contact_seq        INTEGER NOT NULL,
    content            TEXT NOT NULL,
    content_type       TEXT NOT NULL,
    content_attributes TEXT NOT NULL,
    ext                TEXT NOT NULL,
    external_id        TEXT NOT NULL,
    delivery_status    TEXT NOT NULL,
    attachment_count   INTEGER NOT NULL,
    code               TEXT NOT NULL,
    params             TEXT NOT NULL,
    deleted_at         INTEGER NOT NULL,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL,
    FOREIGN KEY (account_id, conversation_id) REFERENCES conversations (account_id, id)
) STRICT;
CREATE UNIQUE INDEX entries_position ON entries (account_id, conversation_id, position);
CREATE UNIQUE INDEX entries_external_id ON entries (account_id, conversation_id, external_id) WHERE external_id <> '';
CREATE UNIQUE INDEX entries_uuid ON entries (account_id, uuid);

CREATE TABLE attachments (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id       INTEGER NOT NULL,
    conversation_id  INTEGER NOT NULL,
    message_id       INTEGER NOT NULL REFERENCES entries (id),
    file_type        TEXT NOT NULL,
    name             TEXT NOT NULL,
    url              TEXT NOT NULL,
    path             TEXT NOT NULL,
    mime             TEXT NOT NULL,
    size_bytes       INTEGER NOT NULL,
    width            INTEGER NOT NULL,
    height           INTEGER NOT NULL,
    thumbnail_url    TEXT NOT NULL,
    latitude         REAL NOT NULL,
    longitude        REAL NOT NULL,
    fallback_title   TEXT NOT NULL,
    transcribed_text TEXT NOT NULL,
    meta             TEXT NOT NULL,
    created_at       INTEGER NOT NULL,
    FOREIGN KEY (account_id, conversation_id) REFERENCES conversations (account_id, id)
) STRICT;
CREATE INDEX attachments_message ON attachments (account_id, message_id, id);

CREATE TABLE read_cursors (
    account_id      INTEGER NOT NULL,
    conversation_id INTEGER NOT NULL,
    agent_id        INTEGER NOT NULL,
    entry_id        INTEGER NOT NULL,
    seq             INTEGER NOT NULL,
    PRIMARY KEY (account_id, conversation_id, agent_id),
    FOREIGN KEY (account_id, conversation_id) REFERENCES conversations (account_id, id),
    FOREIGN KEY (account_id, agent_id) REFERENCES agents (account_id, id)
) STRICT, WITHOUT ROWID;

-- The log. Its rows are never changed. The commit that writes them has raised
-- the account's event_seq, so that a foreign key would tell nothing.
CREATE TABLE events (
    account_id        INTEGER NOT NULL,
    seq               INTEGER NOT NULL,
    epoch             TEXT NOT NULL,
    type              TEXT NOT NULL,
    at                INTEGER NOT NULL,
    actor_type        TEXT NOT NULL,
    actor_id          INTEGER NOT NULL,
    actor_identity_id INTEGER NOT NULL,
    contact_id        INTEGER NOT NULL,
    conversation_id   INTEGER NOT NULL,
    inbox_id          INTEGER NOT NULL,
    payload           TEXT NOT NULL,
    PRIMARY KEY (account_id, seq)
) STRICT;

-- What an import remembers between two batches.
CREATE TABLE staged (
    account_id INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    key        INTEGER NOT NULL,
    text       TEXT NOT NULL,
    PRIMARY KEY (account_id, kind, key)
) STRICT, WITHOUT ROWID;
