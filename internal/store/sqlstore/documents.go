package sqlstore

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"parley/internal/core"
	"parley/internal/fold"
	"parley/internal/store"
)

// document is what the search index holds of an entry or a contact.
type document struct {
	store.Document
	account int64
	at      core.Time // when it was made
	tokens  string    // separated by spaces
}

// Tokens of an index that stand for what a document is begin with a sign that
// no word holds.
const controlSign = "\u00b7"

// kindSigns are the signs of kinds. Messages have none: they are most of all.
var kindSigns = map[store.DocumentKind]string{store.NoteDocument: "n", store.ContactDocument: "k"}

// accountToken is the token of all documents of an account.
func accountToken(account int64) string { return controlSign + "a" + strconv.FormatInt(account, 10) }

// kindToken is the token of those of a kind.
func kindToken(account int64, kind store.DocumentKind) string {
	return controlSign + kindSigns[kind] + strconv.FormatInt(account, 10)
}

// identityToken is the token of what was said in an identity's conversations.
func identityToken(identity int64) string { return controlSign + "d" + strconv.FormatInt(identity, 10) }

// phoneToken is the token of a phone number, from its end, so that its
// beginning finds numbers by their ending. digits are all that it is made of.
func phoneToken(digits string) string {
	from := []byte(digits)
	slices.Reverse(from)
	return controlSign + "r" + string(from)
}

// documentOf returns an entry's document, without its number; ok is false for
// an entry that has none.
func documentOf(e *core.Entry, identity int64) (d document, ok bool) {
	if e.Kind == core.Activity || e.Text() == "" {
		return d, false
	}
	words := fold.Tokens(fold.Plain(e.Text()))
	if len(words) == 0 {
		return d, false
	}
	d.account, d.at = e.AccountID, e.CreatedAt
	d.Kind, d.RefID, d.ConversationID = documentKind(e.Kind), e.ID, e.ConversationID
	words = append(words, accountToken(d.account), identityToken(identity))
	if d.Kind == store.NoteDocument {
		words = append(words, kindToken(d.account, d.Kind))
	}
	d.tokens = strings.Join(words, " ")
	return d, true
}

func documentKind(k core.EntryKind) store.DocumentKind {
	if k == core.Note {
		return store.NoteDocument
	}
	return store.MessageDocument
}

// contactDocument returns a contact's document, without its number; ok is false
// for a contact that has none.
func contactDocument(c *core.Contact, identities []core.Identity) (d document, ok bool) {
	texts := []string{c.Name, c.FirstName, c.MiddleName, c.LastName, c.Email, c.Phone, c.Phone2, c.Identifier}
	phones := []string{c.Phone, c.Phone2}
	for i := range identities {
		n := &identities[i]
		texts = append(texts, n.FirstName, n.LastName, n.Email, n.UserName)
		if n.ProviderType != core.AnonymousProvider {
			texts = append(texts, n.Address)
			phones = append(phones, n.Address)
		}
	}
	words := fold.Tokens(strings.Join(texts, " \n"))
	if len(words) == 0 {
		return d, false
	}
	for _, p := range phones {
		if digits := strings.TrimPrefix(p, "+"); digits != p && strings.Trim(digits, "0123456789") == "" && digits != "" {
			words = append(words, phoneToken(digits))
		}
	}
	d.account, d.at = c.AccountID, c.CreatedAt
	d.Kind, d.RefID = store.ContactDocument, c.ID
	slices.Sort(words)
	d.tokens = strings.Join(append(slices.Compact(words), accountToken(d.account), kindToken(d.account, d.Kind)), " ")
	return d, true
}

// isSearched tells whether a contact is found by the identity.
func isSearched(i *core.Identity) bool {
	return i.ProviderType != core.AnonymousProvider || i.FirstName != "" || i.LastName != "" || i.Email != "" || i.UserName != ""
}

// A document's number is the time at which what it is about was made, and
// numberBits below it that keep those of one microsecond apart.
const (
	numberBits = 10
	lastNumber = core.Time(1)<<(63-numberBits) - 1 // until the year 2255
)

// firstNumber is the lowest number of that time.
func firstNumber(at core.Time) int64 {
	return int64(min(max(at, -lastNumber), lastNumber)) << numberBits
}

// numberOf is the n-th number to try for a document. What was imported in one
// second often bears one time: where its microsecond is full, numbers of later
// ones are taken, more and more of them. As ids grow, so do these: an index
// takes what comes in order at less cost.
func numberOf(d *document, n int) int64 {
	wide := min(numberBits+4*n, 34)
	low := d.RefID
	if wide == 34 {
		low += int64(n) * 0x9e3779b1
	}
	low &= 1<<wide - 1
	first := firstNumber(d.at)
	if first > math.MaxInt64/2 {
		low = -low // no time is behind the last one
	}
	return cmp.Or(first+low, 1) // 0 is no number
}

// maxNumbers bounds how many numbers are tried.
const maxNumbers = 64

// indexAll stores documents that are not there, in the order of their numbers:
// what comes out of order costs FTS5 a segment of its own.
func (t *tx) indexAll(ctx context.Context, all []document) error {
	slices.SortFunc(all, func(a, b document) int { return cmp.Compare(numberOf(&a, 0), numberOf(&b, 0)) })
	for i := range all {
		if err := t.index(ctx, all[i]); err != nil {
			return err
		}
	}
	return nil
}

// index stores a document that is not there.
func (t *tx) index(ctx context.Context, d document) error {
	for n := range maxNumbers {
		d.ID = numberOf(&d, n)
		stored, err := t.texts.insert(ctx, t.checked, &d)
		if stored || err != nil {
			return err
		}
	}
	return &core.Error{Kind: core.Internal, Message: "no number is left for a document of the search index"}
}

// indexEntry indexes an entry that was stored just now.
func (t *tx) indexEntry(ctx context.Context, e *core.Entry) error {
	if t.unindexed || e.Kind == core.Activity || e.Text() == "" {
		return nil
	}
	identity, err := t.identityOf(ctx, e.AccountID, e.ConversationID)
	if err != nil {
		return err
	}
	d, ok := documentOf(e, identity)
	if !ok {
		return nil
	}
	return t.index(ctx, d)
}

// identityAt is the place of the identity in a conversation's row.
var identityAt = slices.IndexFunc(conversationTable.columns, func(c column) bool { return c.name == "identity_id" })

const identityOfSQL = "SELECT identity_id FROM conversations WHERE account_id = $1 AND id = $2"

// identityOf returns the identity whose conversation it is. It never changes.
func (t *tx) identityOf(ctx context.Context, account, conversation int64) (int64, error) {
	if row, held := t.locked[conversation]; held {
		if identity, ok := row[identityAt].(id); ok {
			return int64(identity), nil
		}
	}
	return get(ctx, t.checked, new(number), "conversation", identityOfSQL, account, conversation)
}

const entryWasSQL = "SELECT kind, content, deleted_at, created_at FROM entries WHERE account_id = $1 AND id = $2"

// searchedRow is what a document is made of, of an entry as it is stored.
type searchedRow struct{ core.Entry }

func (r *searchedRow) targets() []any    { return []any{&r.Kind, &r.Content, &r.DeletedAt, &r.CreatedAt} }
func (r *searchedRow) value() core.Entry { return r.Entry }

// reindexEntry is called before an entry is changed.
func (t *tx) reindexEntry(ctx context.Context, e *core.Entry) error {
	was, ok, err := find(ctx, t.checked, new(searchedRow), entryWasSQL, e.AccountID, e.ID)
	if err != nil || !ok || (was.Kind == e.Kind && was.Text() == e.Text() && was.CreatedAt == e.CreatedAt) {
		return err
	}
	if was.Kind != core.Activity {
		if err := t.texts.remove(ctx, t.checked, e.AccountID, documentKind(was.Kind), e.ID); err != nil {
			return err
		}
	}
	return t.indexEntry(ctx, e)
}

// contactKey names a contact.
type contactKey struct{ account, id int64 }

// reindexContact has a contact's document made anew at the end of the command:
// most that change one change its identities, too.
func (t *tx) reindexContact(account, contact int64) {
	if k := (contactKey{account, contact}); !slices.Contains(t.stale, k) {
		t.stale = append(t.stale, k)
	}
}

var identitiesOfSQL = identityTable.selectFrom("WHERE account_id = $1 AND contact_id = $2 ORDER BY id LIMIT $3")

// maxIdentities is how many identities of a contact it is found by.
const maxIdentities = 500

// settleContacts makes the documents of the contacts that the command changed.
func (t *tx) settleContacts(ctx context.Context) error {
	for _, k := range t.stale {
		if err := t.texts.remove(ctx, t.checked, k.account, store.ContactDocument, k.id); err != nil {
			return err
		}
		if t.unindexed {
			continue
		}
		c, ok, err := find(ctx, t.checked, new(contactRow), contactSQL, k.account, k.id)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		d, ok, err := t.contactDocument(ctx, &c)
		if err != nil {
			return err
		}
		if ok {
			if err := t.index(ctx, d); err != nil {
				return err
			}
		}
	}
	t.stale = nil
	return nil
}

func (r reader) contactDocument(ctx context.Context, c *core.Contact) (document, bool, error) {
	identities, err := page(ctx, r.checked, new(identityRow), maxIdentities, identitiesOfSQL, c.AccountID, c.ID)
	if err != nil {
		return document{}, false, err
	}
	d, ok := contactDocument(c, identities)
	return d, ok, nil
}
