-- +goose Up
-- Lists of one inbox, by each time that they can be ordered by.
CREATE INDEX conversations_inbox_created ON conversations (account_id, inbox_id, created_at, id);
CREATE INDEX conversations_inbox_closing ON conversations (account_id, inbox_id, (CASE WHEN closed_at = 0 THEN 9223372036854775807 ELSE closed_at END), created_at, id);
CREATE INDEX conversations_inbox_updated ON conversations (account_id, inbox_id, customer_updated_at, created_at, id);
CREATE INDEX conversations_inbox_activity ON conversations (account_id, inbox_id, last_activity_at, created_at, id);

-- Conversations by the address that CommBox's clients know them by. The text
-- can be of any length, a key cannot.
CREATE INDEX conversations_inbox_address ON conversations (account_id, inbox_id, substr(CASE WHEN ext = '' THEN NULL ELSE CASE json_type(ext, '$.commbox.provider_address') WHEN 'null' THEN NULL WHEN 'text' THEN json_extract(ext, '$.commbox.provider_address') ELSE ext -> '$.commbox.provider_address' END END, 1, 255), created_at, id)
    WHERE substr(CASE WHEN ext = '' THEN NULL ELSE CASE json_type(ext, '$.commbox.provider_address') WHEN 'null' THEN NULL WHEN 'text' THEN json_extract(ext, '$.commbox.provider_address') ELSE ext -> '$.commbox.provider_address' END END, 1, 255) IS NOT NULL;

-- Counts of the states in each inbox, read from the index alone.
CREATE INDEX conversations_inbox_state ON conversations (account_id, inbox_id, sub_inbox_id, status, status_code);
