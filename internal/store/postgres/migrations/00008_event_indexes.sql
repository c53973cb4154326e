-- +goose Up
-- The events of one contact and of one conversation, in order.
CREATE INDEX events_contact ON events (account_id, contact_id, seq) WHERE contact_id <> 0;
CREATE INDEX events_conversation ON events (account_id, conversation_id, seq) WHERE conversation_id <> 0;
