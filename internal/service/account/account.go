// Package account holds the use cases around accounts, their credentials, and
// those who work there: agents, teams and profiles.
//
// All of it is safe for concurrent use.
package account

import (
	"context"
	"fmt"

	"parley/internal/core"
	"parley/internal/store"
)

// Accounts creates accounts, and manages their tokens, agents, teams and
// profiles.
type Accounts struct {
	store store.Store
	clock core.Clock
}

// New returns the use cases on st.
func New(st store.Store, clock core.Clock) *Accounts {
	return &Accounts{store: st, clock: clock}
}

// Create makes an account with the default profiles.
func (s *Accounts) Create(ctx context.Context, name string) (core.Account, error) {
	if err := core.CheckName(name); err != nil {
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
		for _, p := range core.DefaultProfiles() {
			p.AccountID, p.CreatedAt = made.ID, now
			if err := insertProfile(ctx, tx, core.Actor{}, &p); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return core.Account{}, fmt.Errorf("create account: %w", err)
	}
	return made, nil
}
