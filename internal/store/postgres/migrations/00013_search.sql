-- +goose Up
-- What is found by its words: doc_id grows with the time at which it was made.
-- Words are cut and folded before they come here.
CREATE TABLE search_docs (
    doc_id          bigint NOT NULL,
    account_id      bigint NOT NULL,
    kind            text COLLATE "C" NOT NULL,
    ref_id          bigint NOT NULL,
    conversation_id bigint NOT NULL,
    tokens          tsvector NOT NULL,
    PRIMARY KEY (account_id, doc_id)
);
CREATE UNIQUE INDEX search_docs_ref ON search_docs (account_id, kind, ref_id);
-- What is new is kept aside in a list that every search reads: it stays short.
CREATE INDEX search_docs_tokens ON search_docs USING gin (tokens) WITH (gin_pending_list_limit = 512);

-- What is there already is filled in later.
INSERT INTO jobs (account_id, kind, key, run_at, attempts, lease_until, fence)
SELECT id, 'search.backfill', '', 0, 0, 0, 1 FROM accounts;
