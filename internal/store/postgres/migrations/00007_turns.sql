-- +goose Up
-- Who had the last turn in each inbox that gives its conversations to agents.
-- The row of inbox 0 is held by whoever gives any of the account's: agents have
-- one capacity for all inboxes.
CREATE TABLE turns (
    account_id bigint NOT NULL,
    inbox_id   bigint NOT NULL,
    agent_id   bigint NOT NULL,
    PRIMARY KEY (account_id, inbox_id)
);

-- What is open in an inbox and nobody's, by the team that it was given to: first
-- those whose contacts wait longest, last those whose contacts do not wait.
CREATE INDEX conversations_unassigned ON conversations (account_id, inbox_id, (COALESCE(team_id, 0)), (CASE WHEN waiting_since = 0 THEN 9223372036854775807 ELSE waiting_since END), id)
    WHERE status = 'open' AND assignee_id IS NULL AND assignee_bot_id IS NULL;
