-- +goose Up
-- Agents who take part in a conversation without being in charge of it.
ALTER TABLE conversations ADD COLUMN participant_ids TEXT NOT NULL DEFAULT '';

-- Requests that were answered, so that one that comes again is answered alike.
CREATE TABLE answered_requests (
    account_id INTEGER NOT NULL,
    caller     TEXT NOT NULL,
    operation  TEXT NOT NULL,
    key        TEXT NOT NULL,
    hash       TEXT NOT NULL,
    answer     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, caller, operation, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX answered_requests_age ON answered_requests (account_id, created_at);

-- What a channel called the messages that it brought into an inbox.
CREATE TABLE received_messages (
    account_id  INTEGER NOT NULL,
    inbox_id    INTEGER NOT NULL,
    external_id TEXT NOT NULL,
    entry_id    INTEGER NOT NULL,
    PRIMARY KEY (account_id, inbox_id, external_id)
) STRICT, WITHOUT ROWID;
