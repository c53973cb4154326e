package account

import (
	"context"
	"fmt"
	"time"

	"parley/internal/auth"
	"parley/internal/core"
	"parley/internal/service/repeat"
	"parley/internal/store"
)

// NewToken says which token to make.
type NewToken struct {
	AccountID int64
	Name      string
	AgentID   int64 // 0: the account itself
	Scopes    []core.Scope
	ExpiresAt core.Time  // later than now; unset = never
	By        core.Actor // who makes it; the zero value: the system
}

// CreateToken makes a token and returns its text, which is shown once and
// never stored. An agent whom the account does not have is core.Invalid. again
// makes the command one that may be asked again, and then the text is ""; nil:
// it may not.
func (s *Accounts) CreateToken(ctx context.Context, in NewToken, again *repeat.Key) (string, core.Token, error) {
	if err := checkToken(in); err != nil {
		return "", core.Token{}, err
	}
	text, made, err := s.makeToken(ctx, in.AccountID, again, func(ctx context.Context, tx store.Tx) (core.Token, error) {
		if _, err := tx.Account(ctx, in.AccountID); err != nil {
			return core.Token{}, err
		}
		// A request that is asked again may come later than that.
		if in.ExpiresAt.IsSet() && in.ExpiresAt <= s.clock() {
			return core.Token{}, core.Refuse("expires_at", "it has passed already")
		}
		if in.AgentID != 0 {
			if _, err := member(ctx, tx, in.AccountID, in.AgentID); err != nil {
				return core.Token{}, refuseAbsent(err, "agent_id", "there is no such agent")
			}
		}
		if _, taken, err := tx.FindTokenByName(ctx, in.AccountID, in.Name); err != nil {
			return core.Token{}, err
		} else if taken {
			return core.Token{}, core.Taken("the token name " + in.Name)
		}
		return core.Token{
			AccountID: in.AccountID, Name: in.Name, AgentID: in.AgentID,
			Scopes: in.Scopes, ExpiresAt: in.ExpiresAt, CreatedAt: s.clock(),
		}, nil
	}, in.By)
	if err != nil {
		return "", core.Token{}, fmt.Errorf("create token: %w", err)
	}
	return text, made, nil
}

// makeToken gives a text to the token that draft returns, and stores it. The
// text is "" where the token was made by an earlier request.
func (s *Accounts) makeToken(
	ctx context.Context, account int64, again *repeat.Key, draft func(ctx context.Context, tx store.Tx) (core.Token, error), by core.Actor,
) (string, core.Token, error) {
	text := auth.NewToken()
	made, err := repeat.Made(ctx, s.store, s.clock, account, again, func(ctx context.Context, tx store.Tx) (core.Token, int64, error) {
		t, err := draft(ctx, tx)
		if err != nil {
			return core.Token{}, 0, err
		}
		t.Hash = auth.HashToken(text)
		err = insertToken(ctx, tx, by, &t)
		return t, t.ID, err
	}, func(ctx context.Context, tx store.Tx, id int64) (core.Token, error) {
		return tx.Token(ctx, account, id)
	})
	if again != nil && again.Repeated {
		text = ""
	}
	return text, made, err
}

// Token returns a token, also one that is not valid any more.
func (s *Accounts) Token(ctx context.Context, account, id int64) (core.Token, error) {
	t, err := s.store.Token(ctx, account, id)
	if err != nil {
		return core.Token{}, fmt.Errorf("read token: %w", err)
	}
	return t, nil
}

// PageTokens returns at most limit tokens with ids above after, by id.
func (s *Accounts) PageTokens(ctx context.Context, account, after int64, limit int) ([]core.Token, error) {
	rows, err := s.store.PageTokens(ctx, account, after, limit)
	if err != nil {
		return nil, fmt.Errorf("page tokens: %w", err)
	}
	return rows, nil
}

func checkToken(in NewToken) error {
	if err := core.CheckName(in.Name); err != nil {
		return err
	}
	for _, s := range in.Scopes {
		switch s {
		case core.ScopeRead, core.ScopeWrite, core.ScopeAdmin:
		default:
			return core.Refuse("scope", "a scope is read, write or admin")
		}
	}
	return nil
}

func insertToken(ctx context.Context, tx store.Tx, by core.Actor, t *core.Token) error {
	if err := tx.InsertToken(ctx, t); err != nil {
		return err
	}
	tx.Emit(tokenEvent(core.TokenCreated, t.CreatedAt, by, *t))
	return nil
}

func tokenEvent(typ core.EventType, at core.Time, by core.Actor, t core.Token) core.Event {
	return core.Event{AccountID: t.AccountID, Type: typ, At: at, Actor: orSystem(by), Data: t}
}

// tokenPage is how many tokens are read at once.
const tokenPage = 500

// ListTokens returns the tokens of an account, or of all accounts when it is 0,
// by account and then by id. Revoked and expired ones are among them.
func (s *Accounts) ListTokens(ctx context.Context, account int64) ([]core.Token, error) {
	var all []core.Token
	err := s.store.View(ctx, func(ctx context.Context, r store.Reader) error {
		all = nil
		if account != 0 {
			if _, err := r.Account(ctx, account); err != nil {
				return err
			}
			return listTokens(ctx, r, account, &all)
		}
		for after := int64(0); ; {
			accounts, err := r.ListAccounts(ctx, after, tokenPage)
			if err != nil {
				return err
			}
			for _, a := range accounts {
				if err := listTokens(ctx, r, a.ID, &all); err != nil {
					return err
				}
				after = a.ID
			}
			if len(accounts) < tokenPage {
				return nil
			}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	return all, nil
}

// listTokens adds an account's tokens to all.
func listTokens(ctx context.Context, r store.Reader, account int64, all *[]core.Token) error {
	for after := int64(0); ; {
		page, err := r.PageTokens(ctx, account, after, tokenPage)
		if err != nil {
			return err
		}
		*all = append(*all, page...)
		if len(page) < tokenPage {
			return nil
		}
		after = page[len(page)-1].ID
	}
}

// RevokeToken ends a token now, for good, in the actor's name. One that is revoked already stays as
// it is, and there is no second event.
func (s *Accounts) RevokeToken(ctx context.Context, by core.Actor, account, id int64, may core.Check[core.Token]) (core.Token, error) {
	var t core.Token
	err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
		var err error
		if t, err = tx.Token(ctx, account, id); err == nil {
			err = may.Of(t)
		}
		if err != nil || t.RevokedAt.IsSet() {
			return err
		}
		t.RevokedAt = s.clock()
		if err := tx.UpdateToken(ctx, t); err != nil {
			return err
		}
		tx.Emit(tokenEvent(core.TokenRevoked, t.RevokedAt, by, t))
		return nil
	})
	if err != nil {
		return core.Token{}, fmt.Errorf("revoke token: %w", err)
	}
	return t, nil
}

// RotateToken makes a token with the subject, the name and the scopes of an
// old one and returns its text, as CreateToken does. The old one makes way: it
// is called "NAME (replaced ID)" from now on, and expires after the overlap (0 =
// at once), or when it would have anyway. The new one is valid for as long as
// the old one was made for. A token that is not valid is core.Invalid.
func (s *Accounts) RotateToken(
	ctx context.Context, by core.Actor, account, id int64, overlap time.Duration, again *repeat.Key,
) (string, core.Token, error) {
	if overlap < 0 {
		return "", core.Token{}, core.Refuse("overlap", "must not be negative")
	}
	text, made, err := s.makeToken(ctx, account, again, func(ctx context.Context, tx store.Tx) (core.Token, error) {
		old, err := tx.Token(ctx, account, id)
		if err != nil {
			return core.Token{}, err
		}
		now := s.clock()
		if !old.Valid(now) {
			return core.Token{}, core.Refuse("", "the token is not valid any more: create another one")
		}
		made := core.Token{AccountID: account, Name: old.Name, AgentID: old.AgentID, Scopes: old.Scopes, CreatedAt: now}
		if old.ExpiresAt.IsSet() {
			made.ExpiresAt = now + (old.ExpiresAt - old.CreatedAt)
		}
		old.Name = fmt.Sprintf("%s (replaced %d)", old.Name, old.ID)
		if _, taken, err := tx.FindTokenByName(ctx, account, old.Name); err != nil {
			return core.Token{}, err
		} else if taken {
			return core.Token{}, core.Taken("the token name " + old.Name)
		}
		old.ExpiresAt = old.ExpiresAt.Earlier(now + core.Time(overlap.Microseconds()))
		if err := tx.UpdateToken(ctx, old); err != nil {
			return core.Token{}, err
		}
		tx.Emit(tokenEvent(core.TokenUpdated, now, by, old))
		return made, nil
	}, by)
	if err != nil {
		return "", core.Token{}, fmt.Errorf("rotate token: %w", err)
	}
	return text, made, nil
}
