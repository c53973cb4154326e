-- +goose Up
-- Files that are stored, or about to be, and that no message carries yet.
CREATE TABLE uploads (
    account_id INTEGER NOT NULL,
    key        TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX uploads_age ON uploads (account_id, created_at, key);
