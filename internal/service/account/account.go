// Package account holds the use cases around accounts and their credentials.
//
// All of it is safe for concurrent use.
package account

import (
	"context"
	"fmt"
	"strings"

	"parley/internal/auth"
	"parley/internal/core"
	"parley/internal/store"
)

// maxNameBytes bounds the names that people give.
const maxNameBytes = 255

// Accounts creates accounts and tokens.
type Accounts struct {
	store store.Store
	clock core.Clock
}

// New returns the use cases on st.
func New(st store.Store, clock core.Clock) *Accounts {
	return &Accounts{store: st, clock: clock}
}

// Create makes an account.
func (s *Accounts) Create(ctx context.Context, name string) (core.Account, error) {
	if err := checkName(name); err != nil {
		return core.Account{}, err
	}
	var made core.Account
	err := s.store.InTx(ctx, 0, func(ctx context.Context, tx store.Tx) error {
		now := s.clock()
		made = core.Account{Name: name, Epoch: core.NewEpoch(), CreatedAt: now, UpdatedAt: now}
		if err := tx.InsertAccount(ctx, &made); err != nil {
			return err
		}
		tx.Emit(core.Event{AccountID: made.ID, Type: core.AccountCreated, At: now, Actor: core.Actor{Type: core.ActorSystem}, Data: made})
		return nil
	})
	if err != nil {
		return core.Account{}, fmt.Errorf("create account: %w", err)
	}
	return made, nil
}

// NewToken says which token to make.
type NewToken struct {
	AccountID int64
	Name      string
	AgentID   int64 // 0: the account itself
	Scopes    []core.Scope
	ExpiresAt core.Time // unset = never
}

// CreateToken makes a token and returns its text, which is shown once and
// never stored.
func (s *Accounts) CreateToken(ctx context.Context, in NewToken) (string, core.Token, error) {
	if err := checkToken(in); err != nil {
		return "", core.Token{}, err
	}
	text := auth.NewToken()
	var made core.Token
	err := s.store.InTx(ctx, in.AccountID, func(ctx context.Context, tx store.Tx) error {
		if _, err := tx.Account(ctx, in.AccountID); err != nil {
			return err
		}
		if in.AgentID != 0 {
			if _, err := tx.Agent(ctx, in.AccountID, in.AgentID); err != nil {
				return err
			}
		}
		if _, taken, err := tx.FindTokenByName(ctx, in.AccountID, in.Name); err != nil {
			return err
		} else if taken {
			return core.Taken("the token name " + in.Name)
		}
		now := s.clock()
		made = core.Token{
			AccountID: in.AccountID, Name: in.Name, AgentID: in.AgentID, Hash: auth.HashToken(text),
			Scopes: in.Scopes, ExpiresAt: in.ExpiresAt, CreatedAt: now,
		}
		if err := tx.InsertToken(ctx, &made); err != nil {
			return err
		}
		tx.Emit(core.Event{AccountID: made.AccountID, Type: core.TokenCreated, At: now, Actor: core.Actor{Type: core.ActorSystem}, Data: made})
		return nil
	})
	if err != nil {
		return "", core.Token{}, fmt.Errorf("create token: %w", err)
	}
	return text, made, nil
}

func checkToken(in NewToken) error {
	if err := checkName(in.Name); err != nil {
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

func checkName(name string) error {
	if strings.TrimSpace(name) == "" {
		return core.Refuse("name", "a name is needed")
	}
	if len(name) > maxNameBytes {
		return core.Refuse("name", fmt.Sprintf("a name has at most %d bytes", maxNameBytes))
	}
	return nil
}
