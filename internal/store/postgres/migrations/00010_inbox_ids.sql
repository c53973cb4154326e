-- +goose Up
-- Which account an inbox belongs to, for credentials that name the inbox alone.
-- An id that two accounts brought with them stays the older account's.
CREATE TABLE inbox_ids (
    inbox_id   bigint PRIMARY KEY,
    account_id bigint NOT NULL
);
INSERT INTO inbox_ids (inbox_id, account_id) SELECT id, account_id FROM inboxes ORDER BY account_id ON CONFLICT DO NOTHING;
