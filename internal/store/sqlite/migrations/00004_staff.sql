-- +goose Up
-- A deleted label keeps its row, since conversations and contacts may still
-- carry its id; only its title is free again.
ALTER TABLE labels ADD COLUMN ext TEXT NOT NULL DEFAULT '';
ALTER TABLE labels ADD COLUMN deleted_at INTEGER NOT NULL DEFAULT 0;
DROP INDEX labels_title;
CREATE UNIQUE INDEX labels_title ON labels (account_id, title) WHERE deleted_at = 0;

-- So does a deleted agent, who has said things.
ALTER TABLE agents ADD COLUMN user_name TEXT NOT NULL DEFAULT '';
ALTER TABLE agents ADD COLUMN sync_capacity INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agents ADD COLUMN async_capacity INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agents ADD COLUMN profile_ids TEXT NOT NULL DEFAULT '';
ALTER TABLE agents ADD COLUMN ext TEXT NOT NULL DEFAULT '';
ALTER TABLE agents ADD COLUMN deleted_at INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX agents_user_name ON agents (account_id, user_name) WHERE user_name <> '';

CREATE TABLE profiles (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id  INTEGER NOT NULL REFERENCES accounts (id),
    name        TEXT NOT NULL,
    unique_name TEXT NOT NULL,
    permissions TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    UNIQUE (account_id, id)
) STRICT;
CREATE UNIQUE INDEX profiles_unique_name ON profiles (account_id, unique_name);

-- What new accounts begin with: see core.DefaultProfiles.
INSERT INTO profiles (account_id, name, unique_name, permissions, created_at)
SELECT a.id, p.name, p.unique_name, p.permissions, a.created_at
FROM accounts a CROSS JOIN (
    SELECT 1 AS place, 'Administrator' AS name, 'administrator' AS unique_name, '["staff","labels","assignments","answers","reports"]' AS permissions
    UNION ALL SELECT 2, 'Supervisor', 'supervisor', '["labels","assignments","answers","reports"]'
    UNION ALL SELECT 3, 'Agent', 'agent', '["answers"]'
) AS p
ORDER BY a.id, p.place;

-- What an agent is in charge of: to be counted by status and inbox, and to be
-- let go of.
CREATE INDEX conversations_assignee ON conversations (account_id, assignee_id, status, inbox_id, waiting_since, id) WHERE assignee_id IS NOT NULL;
CREATE INDEX conversations_assignee_bot ON conversations (account_id, assignee_bot_id, status, inbox_id, waiting_since, id) WHERE assignee_bot_id IS NOT NULL;
CREATE INDEX conversations_team ON conversations (account_id, team_id, id) WHERE team_id IS NOT NULL;
