-- +goose Up
-- The oldest event that is kept; the older ones were removed. One more than
-- event_seq when none is kept.
ALTER TABLE accounts ADD COLUMN first_event_seq INTEGER NOT NULL DEFAULT 1;
