package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"parley/internal/core"
	"parley/internal/memo"
	"parley/internal/store"
)

// MaxCustomerTokenBytes is the length of the longest customer token; longer
// ones are refused unread.
const MaxCustomerTokenBytes = 4 << 10

// How long customer tokens hold, and how far the clocks of those who sign them
// may be off.
const (
	maxCustomerTokenLife = 24 * time.Hour
	maxClockSkew         = time.Minute
)

// Customer is whom a customer token stands for: see docs/adr/0021.
type Customer struct {
	InboxID int64 // the inbox whose key signed the token
	// ContactID is the contact; 0: nobody of the account is called Subject yet.
	ContactID int64
	// IdentityID is the identity that the token names; 0: it names the contact.
	IdentityID int64
	// Subject is the token's sub: "external:" and the contact's identifier, or
	// "identity:" and the id or UUID of one of its identities.
	Subject string
	// What the signer says of the contact; "" is nothing.
	Name, Email, Phone, Locale string
}

// Identifier returns the contact's identifier that the token names, "" when it
// names an identity.
func (c *Customer) Identifier() string {
	identifier, _ := strings.CutPrefix(c.Subject, subjectExternal)
	if c.Subject == identifier {
		return ""
	}
	return identifier
}

// The two forms of subjects.
const (
	subjectExternal = "external:"
	subjectIdentity = "identity:"
)

// CustomerStore is what Customers reads.
type CustomerStore interface {
	store.Inboxes
	store.Contacts
}

// Customers checks customer tokens: JWTs signed with HS256 by the key of a web
// or API inbox, whose id as text is their aud. A key that was changed on another
// node holds here within a second, on this node at once: see Forget. Who the
// contact is, is read each time: an identity may move to another.
type Customers struct {
	store CustomerStore
	clock core.Clock
	known *memo.Memo[[sha256.Size]byte, signed]
}

// NewCustomers returns a checker that reads st and judges times by clock.
func NewCustomers(st CustomerStore, clock core.Clock) *Customers {
	return &Customers{store: st, clock: clock, known: memo.New[[sha256.Size]byte, signed](maxAge)}
}

// signed is what a token says whose signature is right.
type signed struct {
	account int64
	who     Customer
	expires core.Time
}

// claims are what a token may say.
type claims struct {
	jwt.Claims

	Name   string `json:"name"`
	Email  string `json:"email"`
	Phone  string `json:"phone"`
	Locale string `json:"locale"`
}

// IsCustomerToken tells by its form whether a text is meant to be a customer
// token.
func IsCustomerToken(text string) bool { return strings.Count(text, ".") == 2 }

// Check returns the principal of a customer token, with the scopes read and
// write. What is no token, is signed by another key, is over or holds too long
// is core.Unauthenticated; the message tells why only to those whose signature
// is right.
func (c *Customers) Check(ctx context.Context, token string) (Principal, error) {
	return c.check(ctx, token, c.known.Get)
}

// CheckAnew is Check that believes nothing that is remembered.
func (c *Customers) CheckAnew(ctx context.Context, token string) (Principal, error) {
	return c.check(ctx, token, anew)
}

func (c *Customers) check(ctx context.Context, token string, look look[signed]) (Principal, error) {
	if len(token) > MaxCustomerTokenBytes {
		return Principal{}, unauthenticated()
	}
	now := c.clock()
	s, ok, err := look(now, sha256.Sum256([]byte(token)), func() (signed, bool, error) { return c.verify(ctx, token, now) })
	if err != nil {
		return Principal{}, err
	}
	if !ok {
		return Principal{}, unauthenticated()
	}
	if s.expires <= now {
		return Principal{}, rejected("the token is over")
	}
	who := s.who
	if err := c.find(ctx, s.account, &who); err != nil {
		return Principal{}, err
	}
	return Principal{
		AccountID: s.account, Customer: &who, Scopes: []core.Scope{core.ScopeRead, core.ScopeWrite}, ExpiresAt: s.expires,
	}, nil
}

// Forget drops all that is remembered. Whoever changes keys of inboxes on this
// node calls it after the change is committed.
func (c *Customers) Forget() { c.known.Clear() }

// verify checks the signature and all that a token says of itself. ok is false
// for what no key of an inbox has signed.
func (c *Customers) verify(ctx context.Context, text string, now core.Time) (s signed, ok bool, err error) {
	token, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.HS256})
	if err != nil {
		return signed{}, false, nil //nolint:nilerr // it is none
	}
	// Which key is to be right is said by aud, before it is known to be true.
	var unsure struct {
		Audience jwt.Audience `json:"aud"`
	}
	if err := token.UnsafeClaimsWithoutVerification(&unsure); err != nil || len(unsure.Audience) != 1 {
		return signed{}, false, nil //nolint:nilerr // no key can be found
	}
	id, err := strconv.ParseInt(unsure.Audience[0], 10, 64)
	if err != nil || id < 1 || unsure.Audience[0] != strconv.FormatInt(id, 10) {
		return signed{}, false, nil //nolint:nilerr // an inbox has no such id
	}
	inbox, ok, err := c.store.FindInbox(ctx, id)
	if err != nil {
		return signed{}, false, fmt.Errorf("look up inbox: %w", err)
	}
	if !ok || !inbox.Channel.IsChat() || inbox.HMACToken == "" {
		return signed{}, false, nil
	}
	if err := token.Claims(padded(inbox.HMACToken)); err != nil {
		return signed{}, false, nil //nolint:nilerr // the signature is wrong
	}
	var says claims
	if err := token.UnsafeClaimsWithoutVerification(&says); err != nil {
		return signed{}, false, rejected("the token's claims are not what they should be")
	}
	if err := says.check(now); err != nil {
		return signed{}, false, err
	}
	return signed{
		account: inbox.AccountID, expires: core.TimeOf(says.Expiry.Time()),
		who: Customer{
			InboxID: inbox.ID, Subject: says.Subject,
			Name: clean(says.Name), Email: clean(says.Email), Phone: clean(says.Phone), Locale: clean(says.Locale),
		},
	}, true, nil
}

// minKeyBytes is what go-jose asks of a key of HS256.
const minKeyBytes = 32

// padded returns a key as one that is long enough. Keys that came by an import
// have 24 characters, as Chatwoot makes them; HMAC itself fills a key with
// zeros up to the 64 bytes of a block, so that this changes no signature.
func padded(key string) []byte {
	return append([]byte(key), make([]byte, max(minKeyBytes-len(key), 0))...)
}

// check refuses what is not for now, holds too long, or names nobody.
func (s *claims) check(now core.Time) error {
	at := now.Std()
	switch {
	case s.Expiry == nil:
		return rejected("the token has no exp")
	case !at.Before(s.Expiry.Time()):
		return rejected("the token is over")
	case s.Expiry.Time().Sub(at) > maxCustomerTokenLife+maxClockSkew,
		s.IssuedAt != nil && s.Expiry.Time().Sub(s.IssuedAt.Time()) > maxCustomerTokenLife:
		return rejected("the token holds for more than 24 hours")
	case s.NotBefore != nil && s.NotBefore.Time().Sub(at) > maxClockSkew, s.IssuedAt != nil && s.IssuedAt.Time().Sub(at) > maxClockSkew:
		return rejected("the token is not valid yet")
	}
	for _, form := range []string{subjectExternal, subjectIdentity} {
		if name, ok := strings.CutPrefix(s.Subject, form); ok && name != "" && name == clean(name) && len(name) <= store.MaxKeyBytes {
			return nil
		}
	}
	return rejected("the token's sub is neither external: with an identifier nor identity: with an id")
}

// clean returns a text as it can be kept.
func clean(text string) string {
	return strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\x00", ""))
}

// find says which contact the token means.
func (c *Customers) find(ctx context.Context, account int64, who *Customer) error {
	if identifier := who.Identifier(); identifier != "" {
		contact, ok, err := c.store.FindContactByIdentifier(ctx, account, identifier)
		if err != nil {
			return fmt.Errorf("look up contact: %w", err)
		}
		if ok {
			who.ContactID = contact.ID
		}
		return nil
	}
	name := strings.TrimPrefix(who.Subject, subjectIdentity)
	var identity core.Identity
	var ok bool
	id, err := strconv.ParseInt(name, 10, 64)
	if err == nil {
		identity, err = c.store.Identity(ctx, account, id)
		if ok = err == nil; core.KindOf(err) == core.NotFound {
			err = nil
		}
	} else {
		identity, ok, err = c.store.FindIdentityByUUID(ctx, account, name)
	}
	switch {
	case err != nil:
		return fmt.Errorf("look up identity: %w", err)
	case !ok:
		return rejected("the token's sub names no identity of the account")
	}
	who.ContactID, who.IdentityID = identity.ContactID, identity.ID
	return nil
}

// rejection refuses a token whose signature is right.
type rejection struct{ error }

// Unwrap returns the error that callers are shown.
func (r rejection) Unwrap() error { return r.error }

func rejected(why string) error {
	return rejection{&core.Error{Kind: core.Unauthenticated, Message: why}}
}

// IsGenuine tells of a refused credential that it was made by who may make
// them: whoever brings one guesses nothing.
func IsGenuine(refused error) bool {
	var r rejection
	return errors.As(refused, &r)
}
