-- +goose Up
-- Work that is to be done at a time. The lease says until when somebody works
-- on it, the fence whose claim is the last.
CREATE TABLE jobs (
    account_id  INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    key         TEXT NOT NULL,
    run_at      INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    fence       INTEGER NOT NULL,
    PRIMARY KEY (account_id, kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX jobs_due ON jobs (run_at, account_id, kind, key);

-- What is open in an inbox, by its newest entry.
CREATE INDEX conversations_open ON conversations (account_id, inbox_id, last_activity_at, id) WHERE status = 'open';

-- Those who sleep already are to wake up.
INSERT INTO jobs (account_id, kind, key, run_at, attempts, lease_until, fence)
SELECT account_id, 'conversation.wake', CAST(id AS TEXT), snoozed_until, 0, 0, 1
FROM conversations WHERE status = 'snoozed' AND snoozed_until <> 0;
