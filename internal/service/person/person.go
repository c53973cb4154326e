// Package person tells who somebody is. A person is a contact or an agent:
// they share one id space, and so do their identities.
//
// All of it is safe for concurrent use.
package person

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"parley/internal/core"
	"parley/internal/store"
)

// Identity is an address of a person and how many conversations it has.
type Identity = store.IdentityUse

// Person is a contact or an agent: one of the two pointers is set.
type Person struct {
	Contact *core.Contact
	Agent   *core.Agent
	// Of a contact:
	Conversations int64
	IdentityCount int64
	Identities    []Identity // by id, the first MaxIdentities
	Labels        []Label    // in the order they were given
	// Of an agent:
	TeamID int64 // the team with the lowest id, 0 = none
}

// Agent returns the agent whom a number means: an agent's id, else that of an
// agent's identity. core.NotFound when it means none, or one who was deleted.
func (s *Reads) Agent(ctx context.Context, account, id int64) (core.Agent, error) {
	a, err := s.store.Agent(ctx, account, id)
	if err != nil && core.KindOf(err) == core.NotFound {
		a, _, err = s.store.FindAgentByIdentity(ctx, account, id)
	}
	if err == nil && (a.ID == 0 || a.DeletedAt.IsSet()) {
		err = core.Absent("agent")
	}
	return a, err
}

// Contact returns a contact, or the one to whom the identity belongs now:
// contacts are merged. Identity 0 is none. core.NotFound when there is neither.
func (s *Reads) Contact(ctx context.Context, account, id, identity int64) (core.Contact, error) {
	c, err := s.store.Contact(ctx, account, id)
	if err != nil && core.KindOf(err) == core.NotFound && identity != 0 {
		var i core.Identity
		if i, err = s.store.Identity(ctx, account, identity); err == nil {
			c, err = s.store.Contact(ctx, account, i.ContactID)
		}
	}
	if err != nil {
		return core.Contact{}, fmt.Errorf("read contact: %w", err)
	}
	return c, nil
}

// Label is a contact's label and the name of its group, "" = none.
type Label struct {
	core.Label
	Group string
}

// MaxIdentities is how many identities of a person are listed.
const MaxIdentities = store.MaxIDs

// Reads answers questions about persons.
type Reads struct {
	store store.Reader
}

// NewReads returns the read use cases on st.
func NewReads(st store.Reader) *Reads { return &Reads{store: st} }

// Person returns the contact or agent of an id; core.NotFound when the account
// has neither, or the agent was deleted.
func (s *Reads) Person(ctx context.Context, account, id int64) (Person, error) {
	contact, err := s.store.Contact(ctx, account, id)
	if err == nil {
		return s.contact(ctx, contact)
	}
	if core.KindOf(err) != core.NotFound {
		return Person{}, fmt.Errorf("read contact: %w", err)
	}
	agent, err := s.store.Agent(ctx, account, id)
	if err != nil {
		return Person{}, fmt.Errorf("read agent: %w", err)
	}
	if agent.DeletedAt.IsSet() {
		return Person{}, core.Absent("person")
	}
	return s.agent(ctx, agent)
}

// PersonAt returns who an address belongs to: a contact, or the agent whose
// e-mail it is. Nobody is core.NotFound.
func (s *Reads) PersonAt(ctx context.Context, account, providerType int64, address string) (Person, error) {
	identity, ok, err := s.store.FindIdentityByAddress(ctx, account, providerType, address)
	if err != nil {
		return Person{}, fmt.Errorf("find identity by address: %w", err)
	}
	if ok {
		contact, err := s.store.Contact(ctx, account, identity.ContactID)
		if err != nil {
			return Person{}, fmt.Errorf("read contact: %w", err)
		}
		return s.contact(ctx, contact)
	}
	if providerType == core.MailProvider && address != "" {
		agent, ok, err := s.store.FindAgentByEmail(ctx, account, strings.ToLower(address))
		if err != nil {
			return Person{}, fmt.Errorf("find agent by e-mail: %w", err)
		}
		if ok {
			return s.agent(ctx, agent)
		}
	}
	return Person{}, core.Absent("person")
}

func (s *Reads) contact(ctx context.Context, c core.Contact) (Person, error) {
	p := Person{Contact: &c}
	var err error
	if p.Identities, err = s.store.ListIdentities(ctx, c.AccountID, c.ID, 0, MaxIdentities); err != nil {
		return Person{}, fmt.Errorf("list identities: %w", err)
	}
	if p.IdentityCount, err = s.store.CountIdentities(ctx, c.AccountID, c.ID); err != nil {
		return Person{}, fmt.Errorf("count identities: %w", err)
	}
	if p.Conversations, err = s.store.CountThreads(ctx, c.AccountID, store.ThreadQuery{ContactID: c.ID}); err != nil {
		return Person{}, fmt.Errorf("count conversations: %w", err)
	}
	p.Labels, err = s.labels(ctx, c.AccountID, c.LabelIDs)
	return p, err
}

// labels returns the labels of the ids with the names of their groups, without
// those that were deleted.
func (s *Reads) labels(ctx context.Context, account int64, ids []int64) ([]Label, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := s.store.LabelsByID(ctx, account, ids[:min(len(ids), store.MaxIDs)])
	if err != nil {
		return nil, fmt.Errorf("read labels: %w", err)
	}
	byID := make(map[int64]core.Label, len(found))
	for i := range found {
		if !found[i].DeletedAt.IsSet() {
			byID[found[i].ID] = found[i]
		}
	}
	groups := map[int64]string{}
	if slices.ContainsFunc(found, func(l core.Label) bool { return l.GroupID != 0 }) {
		for after := int64(0); ; {
			page, err := s.store.PageLabelGroups(ctx, account, after, store.MaxIDs)
			if err != nil {
				return nil, fmt.Errorf("list label groups: %w", err)
			}
			for _, g := range page {
				groups[g.ID] = g.Name
				after = g.ID
			}
			if len(page) < store.MaxIDs {
				break
			}
		}
	}
	labels := make([]Label, 0, len(found))
	for _, id := range ids {
		if l, ok := byID[id]; ok {
			labels = append(labels, Label{Label: l, Group: groups[l.GroupID]})
		}
	}
	return labels, nil
}

// agent adds the agent's team. An account has few teams.
func (s *Reads) agent(ctx context.Context, a core.Agent) (Person, error) {
	p := Person{Agent: &a}
	for after := int64(0); ; {
		teams, err := s.store.PageTeams(ctx, a.AccountID, after, store.MaxIDs)
		if err != nil {
			return Person{}, fmt.Errorf("list teams: %w", err)
		}
		for _, t := range teams {
			if slices.Contains(t.AgentIDs, a.ID) {
				p.TeamID = t.ID
				return p, nil
			}
			after = t.ID
		}
		if len(teams) < store.MaxIDs {
			return p, nil
		}
	}
}
