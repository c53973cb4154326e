-- +goose Up
-- Agents who take part in a conversation without being in charge of it.
ALTER TABLE conversations ADD COLUMN participant_ids text NOT NULL DEFAULT '';

-- Requests that were answered, so that one that comes again is answered alike.
CREATE TABLE answered_requests (
    account_id bigint NOT NULL,
    caller     text COLLATE "C" NOT NULL,
    operation  text COLLATE "C" NOT NULL,
    key        text COLLATE "C" NOT NULL,
    hash       text NOT NULL,
    answer     text NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (account_id, caller, operation, key)
);
CREATE INDEX answered_requests_age ON answered_requests (account_id, created_at);

-- What a channel called the messages that it brought into an inbox.
CREATE TABLE received_messages (
    account_id  bigint NOT NULL,
    inbox_id    bigint NOT NULL,
    external_id text COLLATE "C" NOT NULL,
    entry_id    bigint NOT NULL,
    PRIMARY KEY (account_id, inbox_id, external_id)
);
