-- +goose Up
-- What is found by its words: doc_id grows with the time at which it was made.
CREATE TABLE search_docs (
    doc_id          INTEGER PRIMARY KEY,
    account_id      INTEGER NOT NULL,
    kind            TEXT NOT NULL,
    ref_id          INTEGER NOT NULL,
    conversation_id INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX search_docs_ref ON search_docs (account_id, kind, ref_id);

-- Their words, under the same numbers. Words are cut and folded before they
-- come here; the tokenizer only splits at spaces. No places and no texts are
-- kept.
CREATE VIRTUAL TABLE search_index USING fts5 (tokens, content = '', contentless_delete = 1, detail = none, prefix = '2 3 4 5', tokenize = 'ascii');

-- Words that are not in the index yet: it takes many documents at once far
-- cheaper than one after the other.
CREATE TABLE search_pending (
    id     INTEGER PRIMARY KEY,
    doc_id INTEGER NOT NULL,
    tokens TEXT NOT NULL
) STRICT;

-- What is there already is filled in later.
INSERT INTO jobs (account_id, kind, key, run_at, attempts, lease_until, fence)
SELECT id, 'search.backfill', '', 0, 0, 0, 1 FROM accounts;
