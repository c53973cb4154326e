-- +goose Up
-- Files that are stored, or about to be, and that no message carries yet.
CREATE TABLE uploads (
    account_id bigint NOT NULL,
    key        text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (account_id, key)
);
CREATE INDEX uploads_age ON uploads (account_id, created_at, key);
