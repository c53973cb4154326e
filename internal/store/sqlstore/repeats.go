package sqlstore

import (
	"context"

	"parley/internal/core"
	"parley/internal/store"
)

var answerTable = newTable("answered_requests", "account_id int, caller text, operation text, key text, hash text, answer text, created_at int")

type answerRow struct{ store.AnsweredRequest }

func (r *answerRow) targets() []any {
	a := &r.AnsweredRequest
	return []any{&a.AccountID, &a.Caller, &a.Operation, &a.Key, &a.Hash, &a.Answer, &a.CreatedAt}
}

func (r *answerRow) value() store.AnsweredRequest { return r.AnsweredRequest }

var (
	findAnswerSQL    = answerTable.selectFrom("WHERE account_id = $1 AND caller = $2 AND operation = $3 AND key = $4")
	putAnswerSQL     = answerTable.insert()
	forgetAnswersSQL = "DELETE FROM answered_requests WHERE account_id = $1 AND created_at < $2"

	findReceivedSQL = "SELECT entry_id FROM received_messages WHERE account_id = $1 AND inbox_id = $2 AND external_id = $3"
	putReceivedSQL  = "INSERT INTO received_messages (account_id, inbox_id, external_id, entry_id) VALUES ($1, $2, $3, $4)"
)

// FindAnswer implements store.Repeats.
func (t *tx) FindAnswer(ctx context.Context, account int64, caller, operation, key string) (store.AnsweredRequest, bool, error) {
	return find(ctx, t.checked, new(answerRow), findAnswerSQL, account, caller, operation, key)
}

// PutAnswer implements store.Repeats.
func (t *tx) PutAnswer(ctx context.Context, r store.AnsweredRequest, oldest core.Time) error {
	args := []any{id(r.AccountID), keyText(r.Caller), keyText(r.Operation), keyText(r.Key), r.Hash, r.Answer, r.CreatedAt}
	if err := checkArgs(args); err != nil { // before the first statement
		return err
	}
	if _, err := t.exec(ctx, forgetAnswersSQL, r.AccountID, oldest); err != nil {
		return err
	}
	_, err := t.exec(ctx, putAnswerSQL, args...)
	return err
}

// FindReceived implements store.Repeats.
func (t *tx) FindReceived(ctx context.Context, account, inbox int64, externalID string) (int64, bool, error) {
	return find(ctx, t.checked, new(number), findReceivedSQL, account, inbox, externalID)
}

// PutReceived implements store.Repeats.
func (t *tx) PutReceived(ctx context.Context, account, inbox int64, externalID string, entry int64) error {
	_, err := t.exec(ctx, putReceivedSQL, id(account), id(inbox), keyText(externalID), id(entry))
	return err
}
