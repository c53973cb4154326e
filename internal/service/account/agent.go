package account

import (
	"context"
	"fmt"
	"net/mail"
	"strings"

	"parley/internal/core"
	"parley/internal/store"
)

// NewAgent says which person to make an agent.
type NewAgent struct {
	AccountID int64
	Name      string
	Email     string    // unique in the account, whatever its letter case
	Role      core.Role // "" = core.Member
}

// CreateAgent makes a person an agent of the account. The e-mail address is
// the agent's own identity, too.
func (s *Accounts) CreateAgent(ctx context.Context, in NewAgent) (core.Agent, error) {
	if in.Role == "" {
		in.Role = core.Member
	}
	in.Email = strings.ToLower(in.Email)
	if err := checkAgent(in); err != nil {
		return core.Agent{}, err
	}
	var made core.Agent
	err := s.store.InTx(ctx, in.AccountID, func(ctx context.Context, tx store.Tx) error {
		if _, err := tx.Account(ctx, in.AccountID); err != nil {
			return err
		}
		if _, taken, err := tx.FindAgentByEmail(ctx, in.AccountID, in.Email); err != nil {
			return err
		} else if taken {
			return core.Taken("the email " + in.Email)
		}
		now := s.clock()
		made = core.Agent{
			AccountID: in.AccountID, Type: core.Person, Name: in.Name, Email: in.Email, Role: in.Role,
			ProviderType: core.MailProvider, Address: in.Email, CreatedAt: now, UpdatedAt: now,
		}
		if err := tx.InsertAgent(ctx, &made); err != nil {
			return err
		}
		tx.Emit(core.Event{AccountID: made.AccountID, Type: core.AgentCreated, At: now, Actor: core.Actor{Type: core.ActorSystem}, Data: made})
		return nil
	})
	if err != nil {
		return core.Agent{}, fmt.Errorf("create agent: %w", err)
	}
	return made, nil
}

func checkAgent(in NewAgent) error {
	if err := core.CheckName(in.Name); err != nil {
		return err
	}
	// Without a name or brackets, which ParseAddress would take as well.
	if a, err := mail.ParseAddress(in.Email); err != nil || a.Address != in.Email {
		return core.Refuse("email", "not an e-mail address")
	}
	switch in.Role {
	case core.Member, core.Administrator:
		return nil
	}
	return core.Refuse("role", "a role is agent or administrator")
}
