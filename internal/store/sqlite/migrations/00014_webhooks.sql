-- +goose Up
-- A webhook can be switched off, is paused when its receiver was given up, and
-- keeps its former secret for a while.
ALTER TABLE webhooks ADD COLUMN former_secret TEXT NOT NULL DEFAULT '';
ALTER TABLE webhooks ADD COLUMN former_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE webhooks ADD COLUMN enabled INTEGER NOT NULL DEFAULT 1;
ALTER TABLE webhooks ADD COLUMN paused_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE webhooks ADD COLUMN paused_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE webhooks ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
UPDATE webhooks SET updated_at = created_at;

-- How far a webhook's events have become deliveries, and how its receiver does.
CREATE TABLE webhook_positions (
    account_id    INTEGER NOT NULL,
    webhook_id    INTEGER NOT NULL,
    seq           INTEGER NOT NULL,
    revision      INTEGER NOT NULL,
    failures      INTEGER NOT NULL,
    failing_since INTEGER NOT NULL,
    retry_at      INTEGER NOT NULL,
    PRIMARY KEY (account_id, webhook_id)
) STRICT, WITHOUT ROWID;
INSERT INTO webhook_positions (account_id, webhook_id, seq, revision, failures, failing_since, retry_at)
SELECT w.account_id, w.id, a.event_seq, 1, 0, 0, 0 FROM webhooks w JOIN accounts a ON a.id = w.account_id;

CREATE TABLE webhook_deliveries (
    account_id      INTEGER NOT NULL,
    webhook_id      INTEGER NOT NULL,
    seq             INTEGER NOT NULL,
    message_id      TEXT NOT NULL,
    event_type      TEXT NOT NULL,
    conversation_id INTEGER NOT NULL,
    content_type    TEXT NOT NULL,
    body            TEXT NOT NULL,
    state           TEXT NOT NULL,
    status          INTEGER NOT NULL,
    attempts        INTEGER NOT NULL,
    failures        INTEGER NOT NULL,
    next_at         INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    finished_at     INTEGER NOT NULL,
    PRIMARY KEY (account_id, webhook_id, seq)
) STRICT;
CREATE INDEX webhook_deliveries_state ON webhook_deliveries (account_id, webhook_id, state, seq);
CREATE INDEX webhook_deliveries_age ON webhook_deliveries (account_id, created_at, webhook_id, seq);

CREATE TABLE webhook_attempts (
    account_id INTEGER NOT NULL,
    webhook_id INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    duration   INTEGER NOT NULL,
    status     INTEGER NOT NULL,
    error      TEXT NOT NULL,
    answer     TEXT NOT NULL,
    PRIMARY KEY (account_id, webhook_id, seq, number)
) STRICT, WITHOUT ROWID;
