-- +goose Up
-- When a canned response was last changed.
ALTER TABLE canned_responses ADD COLUMN updated_at bigint NOT NULL DEFAULT 0;
UPDATE canned_responses SET updated_at = created_at;
