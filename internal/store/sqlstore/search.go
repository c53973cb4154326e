package sqlstore

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"parley/internal/core"
	"parley/internal/store"
)

var (
	contactsByIDSQL = byIDs(contactTable)
	entryDocsSQL    = documentTexts("kind IN ('message', 'note')")
	contactDocsSQL  = documentTexts("kind = 'contact'")

	olderContactsSQL      = contactTable.selectFrom("WHERE account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3")
	olderConversationsSQL = "SELECT id, identity_id FROM conversations WHERE account_id = $1 AND id <= $2 ORDER BY id DESC LIMIT $3"
	unindexedEntriesSQL   = "SELECT " + entryTable.list("e") + ` FROM entries e WHERE e.account_id = $1 AND e.conversation_id = $2 AND e.position > $3
		AND e.kind <> 'activity' AND e.deleted_at = 0
		AND NOT EXISTS (SELECT 1 FROM search_docs d WHERE d.account_id = e.account_id AND d.kind = e.kind AND d.ref_id = e.id) ORDER BY e.position LIMIT $4`
)

// isLargeSQL tells whether an account holds much of what the index does.
const isLargeSQL = `SELECT CASE WHEN conversation_count * 8 >= (SELECT sum(conversation_count) FROM accounts) THEN 1 ELSE 0 END
	FROM accounts WHERE id = $1`

func documentTexts(condition string) map[int]string {
	texts := map[int]string{}
	for _, size := range idSizes {
		texts[size] = "SELECT doc_id, kind, ref_id, conversation_id FROM search_docs WHERE account_id = $1 AND " + condition + " AND ref_id IN (" + placeholders(2, size) + ")"
	}
	return texts
}

// Search implements store.Search.
func (r reader) Search(ctx context.Context, account int64, q store.SearchQuery) (store.SearchPage, error) {
	switch {
	case q.Limit <= 0 || q.Scan <= 0:
		return store.SearchPage{}, core.Refuse("limit", "must be positive")
	case len(q.Terms) == 0 && q.PhoneEnding == "":
		return store.SearchPage{}, core.Refuse("terms", "there is nothing to search for")
	case len(q.InboxIDs) > store.MaxIDs || len(q.IdentityIDs) > store.MaxIDs:
		return store.SearchPage{}, core.Refuse("", fmt.Sprintf("more than %d ids", store.MaxIDs))
	}
	for _, t := range q.Terms {
		// A term becomes a part of the query's text.
		if t.Token == "" || strings.ContainsFunc(t.Token, func(r rune) bool { return r < 0x80 && !isPlainName(r) }) {
			return store.SearchPage{}, core.Refuse("terms", "a term is a token")
		}
	}
	if strings.Trim(q.PhoneEnding, "0123456789") != "" {
		return store.SearchPage{}, core.Refuse("terms", "a phone number is of digits")
	}
	if (len(q.IdentityIDs) > 0 || q.ConversationID != 0) && len(q.Kinds) > 0 &&
		!slices.ContainsFunc(q.Kinds, func(k store.DocumentKind) bool { return k != store.ContactDocument }) {
		return store.SearchPage{}, nil // contacts alone, of what was said
	}
	large, _, err := find(ctx, r.checked, new(number), isLargeSQL, account)
	if err != nil {
		return store.SearchPage{}, err
	}
	s := newSearch(account, q, large == 1)
	return r.texts.search(ctx, r.checked, s)
}

func isPlainName(r rune) bool { return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' }

// EntriesByID implements store.Search.
func (r reader) EntriesByID(ctx context.Context, account int64, ids []int64) ([]core.Entry, error) {
	return listByIDs(ctx, r.checked, new(entryRow), r.texts.entries(), account, ids)
}

// ContactsByID implements store.Search.
func (r reader) ContactsByID(ctx context.Context, account int64, ids []int64) ([]core.Contact, error) {
	return listByIDs(ctx, r.checked, new(contactRow), contactsByIDSQL, account, ids)
}

// CountDocuments implements store.Search.
func (r reader) CountDocuments(ctx context.Context, account int64) (int64, error) {
	n, _, err := find(ctx, r.checked, new(number), "SELECT count(*) FROM search_docs WHERE account_id = $1", account)
	return n, err
}

// MisindexedEntries implements store.Search.
func (r reader) MisindexedEntries(ctx context.Context, account int64, all []core.Entry, deep bool) ([]int64, int, error) {
	identities := map[int64]int64{}
	return misindexed(ctx, r, entryDocsSQL, account, all, func(e *core.Entry) int64 { return e.ID }, deep, func(e *core.Entry) (document, bool, error) {
		identity, known := identities[e.ConversationID]
		if deep && !known {
			var err error
			if identity, _, err = find(ctx, r.checked, new(number), identityOfSQL, account, e.ConversationID); err != nil {
				return document{}, false, err
			}
			identities[e.ConversationID] = identity
		}
		d, ok := documentOf(e, identity)
		return d, ok, nil
	})
}

// MisindexedContacts implements store.Search.
func (r reader) MisindexedContacts(ctx context.Context, account int64, all []core.Contact, deep bool) ([]int64, int, error) {
	return misindexed(ctx, r, contactDocsSQL, account, all, func(c *core.Contact) int64 { return c.ID }, deep, func(c *core.Contact) (document, bool, error) {
		return r.contactDocument(ctx, c)
	})
}

// misindexed compares documents with those that things should have.
func misindexed[T any](
	ctx context.Context, r reader, texts map[int]string, account int64, all []T, id func(*T) int64, deep bool, documentOf func(*T) (document, bool, error),
) (wrong []int64, documents int, err error) {
	ids := make([]int64, len(all))
	for i := range all {
		ids[i] = id(&all[i])
	}
	docs, err := r.documents(ctx, texts, account, ids)
	if err != nil {
		return nil, 0, err
	}
	for i := range all {
		want, wanted, err := documentOf(&all[i])
		if err != nil {
			return nil, 0, err
		}
		have, there := docs[ids[i]]
		fine := there == wanted && (!there || have.Kind == want.Kind && have.ConversationID == want.ConversationID)
		if fine && there && deep {
			if fine, err = r.texts.holds(ctx, r.checked, account, have.ID, strings.Fields(want.tokens)); err != nil {
				return nil, 0, err
			}
		}
		if !fine {
			wrong = append(wrong, ids[i])
		}
	}
	return wrong, len(docs), nil
}

// documents returns those of the entries or contacts, by their ids.
func (r reader) documents(ctx context.Context, texts map[int]string, account int64, ids []int64) (map[int64]store.Document, error) {
	found, err := listByIDs(ctx, r.checked, new(documentRow), texts, account, ids)
	docs := make(map[int64]store.Document, len(found))
	for _, d := range found {
		docs[d.RefID] = d
	}
	return docs, err
}

// IndexLater implements store.SearchWrites.
func (t *tx) IndexLater() { t.unindexed = true }

// The parts of a backfill, which a place in it begins with.
const (
	backfillContacts      = "contact "
	backfillConversations = "conversation "
)

// Backfill implements store.SearchWrites. Contacts come first, they are few.
func (t *tx) Backfill(ctx context.Context, account int64, from string, limit int) (string, error) {
	if limit <= 0 {
		return "", core.Refuse("limit", "must be positive")
	}
	before, position := int64(math.MaxInt64), int64(0)
	if rest, ok := strings.CutPrefix(from, backfillConversations); ok {
		if _, err := fmt.Sscanf(rest, "%d %d", &before, &position); err != nil {
			return "", fmt.Errorf("backfill from %q: %w", from, err)
		}
		return t.backfillConversations(ctx, account, before, position, limit)
	}
	if rest, ok := strings.CutPrefix(from, backfillContacts); ok {
		var err error
		if before, err = strconv.ParseInt(rest, 10, 64); err != nil {
			return "", fmt.Errorf("backfill from %q: %w", from, err)
		}
	}
	return t.backfillContacts(ctx, account, before, limit)
}

func conversationPlace(id, position int64) string {
	return backfillConversations + strconv.FormatInt(id, 10) + " " + strconv.FormatInt(position, 10)
}

func (t *tx) backfillContacts(ctx context.Context, account, before int64, limit int) (string, error) {
	limit = min(limit, store.MaxIDs)
	older, err := page(ctx, t.checked, new(contactRow), limit, olderContactsSQL, account, before)
	if err != nil {
		return "", err
	}
	ids := make([]int64, len(older))
	for i := range older {
		ids[i] = older[i].ID
	}
	docs, err := t.documents(ctx, contactDocsSQL, account, ids)
	if err != nil {
		return "", err
	}
	for i := range older {
		if _, there := docs[older[i].ID]; !there && !slices.Contains(t.stale, contactKey{account, older[i].ID}) {
			t.reindexContact(account, older[i].ID)
		}
	}
	if len(older) < limit {
		return conversationPlace(math.MaxInt64, 0), nil
	}
	return backfillContacts + strconv.FormatInt(older[len(older)-1].ID, 10), nil
}

// backfillConversations goes on in a conversation behind a position. A
// conversation counts as much as an entry: there may be many that hold none.
func (t *tx) backfillConversations(ctx context.Context, account, from, position int64, limit int) (string, error) {
	older, err := page(ctx, t.checked, new(pair), limit, olderConversationsSQL, account, from)
	if err != nil {
		return "", err
	}
	var docs []document
	next := ""
	if len(older) == limit {
		next = conversationPlace(older[limit-1].a-1, 0)
	}
	for left := limit; len(older) > 0; older = older[1:] {
		conversation, identity := older[0].a, older[0].b
		if conversation != from {
			position = 0
		}
		if left <= 0 {
			next = conversationPlace(conversation, position)
			break
		}
		missing, err := page(ctx, t.checked, new(entryRow), left, unindexedEntriesSQL, account, conversation, position)
		if err != nil {
			return "", err
		}
		for i := range missing {
			if d, ok := documentOf(&missing[i], identity); ok {
				docs = append(docs, d)
			}
		}
		if len(missing) == left {
			next = conversationPlace(conversation, missing[left-1].Position)
			break
		}
		left -= len(missing) + 1
	}
	return next, t.indexAll(ctx, docs)
}
