-- +goose Up
-- A webhook can be switched off, is paused when its receiver was given up, and
-- keeps its former secret for a while.
ALTER TABLE webhooks ADD COLUMN former_secret text NOT NULL DEFAULT '';
ALTER TABLE webhooks ADD COLUMN former_until bigint NOT NULL DEFAULT 0;
ALTER TABLE webhooks ADD COLUMN enabled bigint NOT NULL DEFAULT 1;
ALTER TABLE webhooks ADD COLUMN paused_at bigint NOT NULL DEFAULT 0;
ALTER TABLE webhooks ADD COLUMN paused_reason text NOT NULL DEFAULT '';
ALTER TABLE webhooks ADD COLUMN updated_at bigint NOT NULL DEFAULT 0;
UPDATE webhooks SET updated_at = created_at;

-- How far a webhook's events have become deliveries, and how its receiver does.
CREATE TABLE webhook_positions (
    account_id    bigint NOT NULL,
    webhook_id    bigint NOT NULL,
    seq           bigint NOT NULL,
    revision      bigint NOT NULL,
    failures      bigint NOT NULL,
    failing_since bigint NOT NULL,
    retry_at      bigint NOT NULL,
    PRIMARY KEY (account_id, webhook_id)
);
INSERT INTO webhook_positions (account_id, webhook_id, seq, revision, failures, failing_since, retry_at)
SELECT w.account_id, w.id, a.event_seq, 1, 0, 0, 0 FROM webhooks w JOIN accounts a ON a.id = w.account_id;

CREATE TABLE webhook_deliveries (
    account_id      bigint NOT NULL,
    webhook_id      bigint NOT NULL,
    seq             bigint NOT NULL,
    message_id      text NOT NULL,
    event_type      text NOT NULL,
    conversation_id bigint NOT NULL,
    content_type    text NOT NULL,
    body            text NOT NULL,
    state           text COLLATE "C" NOT NULL,
    status          bigint NOT NULL,
    attempts        bigint NOT NULL,
    failures        bigint NOT NULL,
    next_at         bigint NOT NULL,
    created_at      bigint NOT NULL,
    finished_at     bigint NOT NULL,
    PRIMARY KEY (account_id, webhook_id, seq)
);
CREATE INDEX webhook_deliveries_state ON webhook_deliveries (account_id, webhook_id, state, seq);
CREATE INDEX webhook_deliveries_age ON webhook_deliveries (account_id, created_at, webhook_id, seq);

CREATE TABLE webhook_attempts (
    account_id bigint NOT NULL,
    webhook_id bigint NOT NULL,
    seq        bigint NOT NULL,
    number     bigint NOT NULL,
    at         bigint NOT NULL,
    duration   bigint NOT NULL,
    status     bigint NOT NULL,
    error      text NOT NULL,
    answer     text NOT NULL,
    PRIMARY KEY (account_id, webhook_id, seq, number)
);
