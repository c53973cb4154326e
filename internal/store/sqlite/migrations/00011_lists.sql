-- +goose Up
-- What a contact has not read, newest message first: total and list are read
-- from the index alone.
CREATE INDEX conversations_contact_unread ON conversations (account_id, contact_id, last_message_at, created_at, id, inbox_id, agent_seq, contact_cursor)
    WHERE agent_seq > contact_cursor;

-- Lists of the whole account.
CREATE INDEX conversations_created ON conversations (account_id, created_at, id);
CREATE INDEX conversations_activity ON conversations (account_id, last_activity_at, created_at, id);

-- What is open, and what the agents together have not read: few rows, and with
-- all that agents choose from them by.
CREATE INDEX conversations_open_activity ON conversations (account_id, last_activity_at, created_at, id, inbox_id, assignee_id, assignee_bot_id, team_id, status)
    WHERE status = 'open';
CREATE INDEX conversations_agent_unread ON conversations (account_id, last_activity_at, created_at, id, inbox_id, assignee_id, assignee_bot_id, team_id, status, contact_seq, agent_cursor)
    WHERE contact_seq > agent_cursor;
