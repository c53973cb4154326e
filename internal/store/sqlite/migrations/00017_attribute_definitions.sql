-- +goose Up
-- What custom attributes are, and which values may be written for them.
CREATE TABLE attribute_definitions (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id   INTEGER NOT NULL REFERENCES accounts (id),
    applies_to   TEXT NOT NULL,
    key          TEXT NOT NULL,
    name         TEXT NOT NULL,
    description  TEXT NOT NULL,
    type         TEXT NOT NULL,
    options      TEXT NOT NULL,
    pattern      TEXT NOT NULL,
    pattern_hint TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    UNIQUE (account_id, id)
) STRICT;
CREATE UNIQUE INDEX attribute_definitions_key ON attribute_definitions (account_id, applies_to, key);
