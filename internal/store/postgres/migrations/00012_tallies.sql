-- +goose Up
-- How many conversations there are of each inbox, status, assignee (else bot)
-- and team, 0 = none. Kept under the lock of the account's row; a count may
-- have come down to 0.
CREATE TABLE conversation_tallies (
    account_id  bigint NOT NULL,
    inbox_id    bigint NOT NULL,
    status      text COLLATE "C" NOT NULL,
    assignee_id bigint NOT NULL,
    team_id     bigint NOT NULL,
    n           bigint NOT NULL,
    PRIMARY KEY (account_id, inbox_id, status, assignee_id, team_id)
);
INSERT INTO conversation_tallies (account_id, inbox_id, status, assignee_id, team_id, n)
SELECT account_id, inbox_id, status, COALESCE(assignee_id, assignee_bot_id, 0), COALESCE(team_id, 0), count(*)
FROM conversations GROUP BY 1, 2, 3, 4, 5;

-- What somebody takes part in and is not over.
CREATE INDEX conversations_participants ON conversations (account_id, id, participant_ids, status) WHERE participant_ids <> '' AND status <> 'resolved';
