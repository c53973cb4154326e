package auth_test

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"parley/internal/auth"
	"parley/internal/core"
	"parley/internal/httpx"
	"parley/internal/store"
)

// shop is a store of a web inbox 4 of account 3, whose contact 7 is called
// ada, and of inboxes that sign nothing.
type shop struct {
	store.Inboxes
	store.Contacts

	key     string
	lookups int
	err     error
}

func (s *shop) FindInbox(_ context.Context, id int64) (core.Inbox, bool, error) {
	s.lookups++
	switch i := (core.Inbox{ID: id, AccountID: 3, Channel: core.ChannelWeb, HMACToken: s.key}); id {
	case 4:
		return i, true, s.err
	case 5:
		i.Channel = core.ChannelEmail
		return i, true, nil
	case 6:
		i.HMACToken = ""
		return i, true, nil
	}
	return core.Inbox{}, false, nil
}

func (s *shop) FindContactByIdentifier(_ context.Context, account int64, identifier string) (core.Contact, bool, error) {
	return core.Contact{ID: 7}, account == 3 && identifier == "ada", nil
}

func (s *shop) Identity(_ context.Context, account, id int64) (core.Identity, error) {
	if account == 3 && id == 9 {
		return core.Identity{ID: 9, ContactID: 7}, nil
	}
	return core.Identity{}, core.Absent("identity")
}

func (s *shop) FindIdentityByUUID(_ context.Context, account int64, uuid string) (core.Identity, bool, error) {
	return core.Identity{ID: 9, ContactID: 7}, account == 3 && uuid == "0197-uuid", nil
}

const shopKey = "Zk3vJ8wQm1nR5tYx7bCd9eFg"

// sign makes a token of claims. The library refuses to sign with a short key,
// others do not: HMAC fills keys with zeros.
func sign(t *testing.T, alg jose.SignatureAlgorithm, key string, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: append([]byte(key), make([]byte, 64)...)[:64]}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestCustomerTokens tries each way in which a token can be right or wrong.
func TestCustomerTokens(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_790_000_000, 0)
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }
	with := func(changes map[string]any) map[string]any {
		c := map[string]any{"aud": "4", "sub": "external:ada", "exp": at(time.Hour)}
		for k, v := range changes {
			if c[k] = v; v == nil {
				delete(c, k)
			}
		}
		return c
	}
	for _, test := range []struct {
		name    string
		claims  map[string]any
		contact int64
		refused string // the message; "" = let in
	}{
		{"by identifier", with(nil), 7, ""},
		{"a stranger", with(map[string]any{"sub": "external:bob"}), 0, ""},
		{"an identifier with a colon", with(map[string]any{"sub": "external:a:b"}), 0, ""},
		{"by identity", with(map[string]any{"sub": "identity:9"}), 7, ""},
		{"by an identity's uuid", with(map[string]any{"sub": "identity:0197-uuid"}), 7, ""},
		{"an unknown identity", with(map[string]any{"sub": "identity:8"}), 0, "the token's sub names no identity of the account"},
		{"a list of one aud", with(map[string]any{"aud": []string{"4"}}), 7, ""},
		{"24 hours", with(map[string]any{"exp": at(24 * time.Hour), "iat": at(0)}), 7, ""},
		{"signed a moment ahead", with(map[string]any{"iat": at(59 * time.Second), "nbf": at(59 * time.Second)}), 7, ""},

		{"two auds", with(map[string]any{"aud": []string{"4", "5"}}), 0, "the token is not valid"},
		{"no aud", with(map[string]any{"aud": nil}), 0, "the token is not valid"},
		{"aud in another writing", with(map[string]any{"aud": "04"}), 0, "the token is not valid"},
		{"an unknown inbox", with(map[string]any{"aud": "99"}), 0, "the token is not valid"},
		{"an inbox of mail", with(map[string]any{"aud": "5"}), 0, "the token is not valid"},
		{"an inbox without a key", with(map[string]any{"aud": "6"}), 0, "the token is not valid"},
		{"no exp", with(map[string]any{"exp": nil}), 0, "the token has no exp"},
		{"over", with(map[string]any{"exp": at(0)}), 0, "the token is over"},
		{"too long", with(map[string]any{"exp": at(24*time.Hour + 61*time.Second)}), 0, "the token holds for more than 24 hours"},
		{"too long from iat", with(map[string]any{"exp": at(time.Hour), "iat": at(-23*time.Hour - time.Second)}), 0, "the token holds for more than 24 hours"},
		{"not yet", with(map[string]any{"nbf": at(61 * time.Second)}), 0, "the token is not valid yet"},
		{"signed tomorrow", with(map[string]any{"iat": at(61 * time.Second)}), 0, "the token is not valid yet"},
		{"no sub", with(map[string]any{"sub": nil}), 0, "neither external: with"},
		{"a sub without a name", with(map[string]any{"sub": "external:"}), 0, "neither external: with"},
		{"a sub of another form", with(map[string]any{"sub": "email:ada@example.com"}), 0, "neither external: with"},
		{"a sub with a NUL", with(map[string]any{"sub": "external:a\x00"}), 0, "neither external: with"},
		{"a claim of another type", with(map[string]any{"name": 7}), 0, "the token's claims are not what they should be"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := auth.NewCustomers(&shop{key: shopKey}, func() core.Time { return core.TimeOf(now) })
			p, err := c.Check(t.Context(), sign(t, jose.HS256, shopKey, test.claims))
			if test.refused != "" {
				genuine := test.refused != "the token is not valid"
				if core.KindOf(err) != core.Unauthenticated || !strings.Contains(err.Error(), test.refused) || auth.IsGenuine(err) != genuine {
					t.Errorf("%v, want %q", err, test.refused)
				}
				return
			}
			if err != nil || p.Customer == nil {
				t.Fatal(p, err)
			}
			if p.AccountID != 3 || p.TokenID != 0 || p.AgentID != 0 || p.Customer.InboxID != 4 || p.Customer.ContactID != test.contact {
				t.Errorf("let in as %+v %+v", p, p.Customer)
			}
			if !p.Can(core.ScopeRead) || !p.Can(core.ScopeWrite) || p.Can(core.ScopeAdmin) {
				t.Errorf("scopes %v", p.Scopes)
			}
		})
	}
}

// TestForgedCustomerTokens refuses what no key of the inbox has signed.
func TestForgedCustomerTokens(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_790_000_000, 0)
	claims := map[string]any{"aud": "4", "sub": "external:ada", "exp": now.Add(time.Hour).Unix()}
	right := sign(t, jose.HS256, shopKey, claims)
	head, rest, _ := strings.Cut(right, ".")
	body, signature, _ := strings.Cut(rest, ".")
	encode := base64.RawURLEncoding.EncodeToString
	none := encode([]byte(`{"alg":"none"}`))
	for name, token := range map[string]string{
		"another key":        sign(t, jose.HS256, "another key of twenty-four", claims),
		"HS512":              sign(t, jose.HS512, shopKey, claims),
		"no algorithm":       none + "." + body + ".",
		"none with the sign": none + "." + body + "." + signature,
		"another body":       head + "." + encode([]byte(`{"aud":"4","sub":"external:eve","exp":1790003600}`)) + "." + signature,
		"no signature":       head + "." + body + ".",
		"no parts":           "..",
		"a critical header":  encode([]byte(`{"alg":"HS256","crit":["x"],"x":1}`)) + "." + body + "." + signature,
		"too long":           right + strings.Repeat("a", auth.MaxCustomerTokenBytes),
	} {
		c := auth.NewCustomers(&shop{key: shopKey}, func() core.Time { return core.TimeOf(now) })
		if !auth.IsCustomerToken(token) {
			t.Errorf("%s: has not the form of one", name)
		}
		if _, err := c.Check(t.Context(), token); core.KindOf(err) != core.Unauthenticated || auth.IsGenuine(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSignedElsewhere lets a token in that another library made, with a key of
// 24 characters: openssl dgst -sha256 -hmac wrote the signature.
func TestSignedElsewhere(t *testing.T) {
	t.Parallel()
	c := auth.NewCustomers(&shop{key: shopKey}, func() core.Time { return core.TimeOf(time.Unix(1_790_000_000, 0)) })
	p, err := c.Check(t.Context(), "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhdWQiOiI0Iiwic3ViIjoiZXh0ZXJuYWw6YWRhIiwiZXhwIjoxNzkwMDAzNjAwfQ.mOEqHnSkD0yYTQuKnLhnarccc5noFRJTO8zH-aY5toQ")
	if err != nil || p.Customer.ContactID != 7 {
		t.Error(p, err)
	}
}

// TestCustomerTokensAreRemembered asks for the key once a second, and for the
// contact each time.
func TestCustomerTokensAreRemembered(t *testing.T) {
	t.Parallel()
	now := core.TimeOf(time.Unix(1_790_000_000, 0))
	st := &shop{key: shopKey}
	c := auth.NewCustomers(st, func() core.Time { return now })
	token := sign(t, jose.HS256, shopKey, map[string]any{
		"aud": "4", "sub": "external:ada", "exp": now.Unix() + 2, "name": " Ada\x00 ", "email": "a@example.com", "phone": "+1", "locale": "en",
	})
	check := func(what, refused string, lookups int) {
		t.Helper()
		st.lookups = 0
		p, err := c.Check(t.Context(), token)
		if refused == "" && (err != nil || p.Customer.Name != "Ada" || p.Customer.Locale != "en" || p.ExpiresAt.Unix() != 1_790_000_002) {
			t.Errorf("%s: %+v, %v", what, p.Customer, err)
		}
		if refused != "" && (err == nil || !strings.Contains(err.Error(), refused)) {
			t.Errorf("%s: %v, want %q", what, err, refused)
		}
		if st.lookups != lookups {
			t.Errorf("%s: %d look-ups, want %d", what, st.lookups, lookups)
		}
	}
	check("the first use", "", 1)
	st.key = "a new key of the inbox"
	check("changed elsewhere, within a second", "", 0)
	c.Forget()
	check("changed here", "the token is not valid", 1)
	st.key = shopKey
	check("again", "", 1)
	now += second
	check("a second later", "", 1)
	now += second - 1
	check("just before its end", "", 0)
	now++
	check("over, though remembered", "the token is over", 1)
	st.err = errors.New("the disk is gone")
	check("a failing store", "the disk is gone", 1)
}

// TestCustomerTokensAnew: who asks anew is told of a key that was changed on
// another node a moment ago.
func TestCustomerTokensAnew(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_790_000_000, 0)
	st := &shop{key: shopKey}
	c := auth.NewCustomers(st, func() core.Time { return core.TimeOf(now) })
	g := httpx.NewGate(nil, c, nil)
	token := sign(t, jose.HS256, shopKey, map[string]any{"aud": "4", "sub": "external:ada", "exp": now.Add(time.Hour).Unix()})
	for what, check := range map[string]func(context.Context, string) (auth.Principal, error){"CheckAnew": c.CheckAnew, "the gate's Recheck": g.Recheck} {
		st.key = shopKey
		c.Forget()
		if p, err := c.Check(t.Context(), token); err != nil || p.Customer.ContactID != 7 {
			t.Fatal(p, err)
		}
		if p, err := check(t.Context(), token); err != nil || p.Customer.ContactID != 7 {
			t.Errorf("%s of a good token: %+v, %v", what, p, err)
		}
		st.key = "a new key of the inbox"
		if _, err := c.Check(t.Context(), token); err != nil {
			t.Errorf("Check forgot: %v", err)
		}
		if _, err := check(t.Context(), token); core.KindOf(err) != core.Unauthenticated {
			t.Errorf("%s of a token whose key has gone: %v", what, err)
		}
	}
}
