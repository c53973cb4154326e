// Package account holds the use cases around accounts, their credentials, and
// those who work there: agents, teams and profiles.
//
// All of it is safe for concurrent use.
package account

import (
	"context"
	"fmt"
	"regexp"

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

// Account returns an account.
func (s *Accounts) Account(ctx context.Context, id int64) (core.Account, error) {
	a, err := s.store.Account(ctx, id)
	if err != nil {
		return core.Account{}, fmt.Errorf("read account: %w", err)
	}
	return a, nil
}

// Update has change alter the account's name, locale, time zone and settings,
// and stores what comes out. change may be called more than once, each time with
// the account as it is, and may refuse. A change that alters nothing is no
// event.
func (s *Accounts) Update(ctx context.Context, by core.Actor, id int64, change func(a *core.Account) error) (core.Account, error) {
	var a core.Account
	err := s.store.InTx(ctx, id, func(ctx context.Context, tx store.Tx) error {
		before, err := tx.Account(ctx, id)
		if err != nil {
			return err
		}
		now := before
		if err := change(&now); err != nil {
			return err
		}
		a = before
		a.Name, a.Locale, a.Timezone, a.Settings = now.Name, now.Locale, now.Timezone, now.Settings
		if a == before {
			return nil
		}
		if err := checkAccount(&a, &before); err != nil {
			return err
		}
		a.UpdatedAt = s.clock()
		if err := tx.UpdateAccount(ctx, a); err != nil {
			return err
		}
		tx.Emit(core.Event{AccountID: a.ID, Type: core.AccountUpdated, At: a.UpdatedAt, Actor: orSystem(by), Data: a})
		return nil
	})
	if err != nil {
		return core.Account{}, fmt.Errorf("update account: %w", err)
	}
	return a, nil
}

// localeForm is the form of a BCP 47 tag.
var localeForm = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,8}$`)

// checkAccount refuses what an account cannot be given. What it has already,
// from an import, it may keep.
func checkAccount(a, before *core.Account) error {
	if err := core.CheckName(a.Name); err != nil {
		return err
	}
	if a.Locale != before.Locale && a.Locale != "" && !localeForm.MatchString(a.Locale) {
		return core.Refuse("locale", "a locale is a BCP 47 tag, such as pt-BR")
	}
	if a.Timezone != before.Timezone {
		if err := core.CheckTimezone(a.Timezone); err != nil {
			return err
		}
	}
	if a.Settings == before.Settings {
		return nil
	}
	return core.CheckSettings(a.Settings)
}
