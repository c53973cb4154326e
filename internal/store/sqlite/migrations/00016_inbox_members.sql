-- +goose Up
-- Who works in an inbox; one without rows is everybody's.
CREATE TABLE inbox_members (
    account_id INTEGER NOT NULL,
    inbox_id   INTEGER NOT NULL,
    agent_id   INTEGER NOT NULL,
    PRIMARY KEY (account_id, inbox_id, agent_id),
    FOREIGN KEY (account_id, inbox_id) REFERENCES inboxes (account_id, id),
    FOREIGN KEY (account_id, agent_id) REFERENCES agents (account_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX inbox_members_agent ON inbox_members (account_id, agent_id);
