package integrity

import (
	"context"
	"slices"

	"parley/internal/core"
	"parley/internal/store"
)

// checkPeople looks at agents, tokens and teams.
func (c *check) checkPeople(ctx context.Context) error {
	err := pages(ctx, c, "agents", c.r.PageAgents, func(a core.Agent) int64 { return a.ID }, c.checkAgents)
	if err != nil {
		return err
	}
	err = pages(ctx, c, "tokens", c.r.PageTokens, func(t core.Token) int64 { return t.ID },
		func(ctx context.Context, tokens []core.Token) error {
			for i := range tokens {
				if err := c.checkToken(ctx, &tokens[i]); err != nil {
					return err
				}
			}
			return nil
		})
	if err != nil {
		return err
	}
	return pages(ctx, c, "teams", c.r.PageTeams, func(t core.Team) int64 { return t.ID },
		func(ctx context.Context, teams []core.Team) error {
			for _, t := range teams {
				for _, id := range t.AgentIDs {
					if err := c.needAgent(ctx, "team", t.ID, "member", id); err != nil {
						return err
					}
				}
			}
			return nil
		})
}

// checkToken proves, beside its agent, that the token opens the account for
// who shows it: it is found by its hash alone.
func (c *check) checkToken(ctx context.Context, t *core.Token) error {
	if err := c.needAgent(ctx, "token", t.ID, "agent", t.AgentID); err != nil {
		return err
	}
	found, ok, err := c.r.FindTokenByHash(ctx, t.Hash)
	if err != nil {
		return err
	}
	if !ok || found.ID != t.ID || found.AccountID != t.AccountID {
		c.fault("token", t.ID, "is not found by its hash")
	}
	return nil
}

// checkAccount proves that the account is found by its UUID.
func (c *check) checkAccount(ctx context.Context) error {
	found, ok, err := c.r.FindAccountByUUID(ctx, c.account.UUID)
	if err != nil {
		return err
	}
	if !ok || found.ID != c.account.ID {
		c.fault("account", c.account.ID, "is not found by its uuid")
	}
	return nil
}

// checkAgents proves that agents have profiles that exist, and that agents and contacts share one id space, and so do
// their identities: nobody else may answer to an agent's ids.
func (c *check) checkAgents(ctx context.Context, agents []core.Agent) error {
	c.sum.Agents += int64(len(agents))
	for _, a := range agents {
		for _, profile := range a.ProfileIDs {
			if err := mustHave(ctx, c, &c.profiles, "agent", a.ID, "profile", profile); err != nil {
				return err
			}
		}
		contact, err := c.contacts.get(ctx, a.ID)
		if err != nil {
			return err
		}
		if contact != nil {
			c.fault("agent", a.ID, "a contact has the same id")
		}
		if a.IdentityID == 0 {
			c.fault("agent", a.ID, "has no identity")
			continue
		}
		identity, err := c.identities.get(ctx, a.IdentityID)
		if err != nil {
			return err
		}
		if identity != nil {
			c.fault("agent", a.ID, "its identity %d belongs to contact %d", a.IdentityID, identity.ContactID)
		}
	}
	return nil
}

// checkLists looks at labels.
func (c *check) checkLists(ctx context.Context) error {
	return pages(ctx, c, "labels", c.r.PageLabels, func(l core.Label) int64 { return l.ID },
		func(ctx context.Context, labels []core.Label) error {
			for _, l := range labels {
				if err := need(ctx, c, &c.labelGroups, "label", l.ID, "group", l.GroupID); err != nil {
					return err
				}
			}
			return nil
		})
}

// checkInboxes looks at inboxes and their parts.
func (c *check) checkInboxes(ctx context.Context) error {
	err := pages(ctx, c, "inboxes", c.r.PageInboxes, func(i core.Inbox) int64 { return i.ID },
		func(ctx context.Context, inboxes []core.Inbox) error {
			c.sum.Inboxes += int64(len(inboxes))
			if err := c.checkMembers(ctx, inboxes); err != nil {
				return err
			}
			for i := range inboxes {
				if err := c.checkLookUps(ctx, &inboxes[i]); err != nil {
					return err
				}
			}
			return nil
		})
	if err != nil {
		return err
	}
	return pages(ctx, c, "sub-inboxes", c.r.PageSubInboxes, func(s core.SubInbox) int64 { return s.ID },
		func(ctx context.Context, subs []core.SubInbox) error {
			for _, s := range subs {
				if err := mustHave(ctx, c, &c.inboxes, "sub-inbox", s.ID, "inbox", s.InboxID); err != nil {
					return err
				}
			}
			return nil
		})
}

// checkLookUps proves that the inbox is found by its id alone, and by its
// identifier.
func (c *check) checkLookUps(ctx context.Context, i *core.Inbox) error {
	found, ok, err := c.r.FindInbox(ctx, i.ID)
	if err != nil {
		return err
	}
	if !ok || found.AccountID != i.AccountID {
		c.fault("inbox", i.ID, "is not found by its id alone")
	}
	if i.Identifier == "" {
		return nil
	}
	found, ok, err = c.r.FindInboxByIdentifier(ctx, i.Identifier)
	if err != nil {
		return err
	}
	if !ok || found.ID != i.ID || found.AccountID != i.AccountID {
		c.fault("inbox", i.ID, "is not found by its identifier")
	}
	return nil
}

// checkMembers proves that the members of inboxes exist. They may be deleted:
// see docs/adr/0020.
func (c *check) checkMembers(ctx context.Context, inboxes []core.Inbox) error {
	for some := range slices.Chunk(inboxes, store.MaxIDs) {
		ids := make([]int64, len(some))
		for i := range some {
			ids[i] = some[i].ID
		}
		members, err := c.r.InboxMembers(ctx, c.account.ID, ids)
		if err != nil {
			return err
		}
		for inbox, agents := range members {
			for _, id := range agents {
				if err := c.needAgent(ctx, "inbox", inbox, "member", id); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// checkContacts looks at contacts, their identities and contact inboxes.
func (c *check) checkContacts(ctx context.Context) error {
	err := pages(ctx, c, "contacts", c.r.PageContacts, func(p core.Contact) int64 { return p.ID },
		func(ctx context.Context, contacts []core.Contact) error {
			c.sum.Contacts += int64(len(contacts))
			var labels []int64
			for i := range contacts {
				labels = append(labels, contacts[i].LabelIDs...)
			}
			c.labels.trim()
			if err := c.labels.fill(ctx, labels); err != nil {
				return err
			}
			for i := range contacts {
				if err := c.needLabels(ctx, "contact", contacts[i].ID, contacts[i].LabelIDs); err != nil {
					return err
				}
			}
			return c.checkContactDocuments(ctx, contacts)
		})
	if err != nil {
		return err
	}
	err = pages(ctx, c, "identities", c.r.PageIdentities, func(i core.Identity) int64 { return i.ID },
		func(ctx context.Context, identities []core.Identity) error {
			c.sum.Identities += int64(len(identities))
			for i := range identities {
				if err := mustHave(ctx, c, &c.contacts, "identity", identities[i].ID, "contact", identities[i].ContactID); err != nil {
					return err
				}
			}
			return nil
		})
	if err != nil {
		return err
	}
	return pages(ctx, c, "contact inboxes", c.r.PageContactInboxes, func(ci core.ContactInbox) int64 { return ci.ID },
		func(ctx context.Context, doors []core.ContactInbox) error {
			c.sum.ContactInboxes += int64(len(doors))
			for i := range doors {
				if err := c.checkContactInbox(ctx, &doors[i]); err != nil {
					return err
				}
			}
			return nil
		})
}

func (c *check) checkContactInbox(ctx context.Context, ci *core.ContactInbox) error {
	if err := mustHave(ctx, c, &c.inboxes, "contact inbox", ci.ID, "inbox", ci.InboxID); err != nil {
		return err
	}
	if err := mustHave(ctx, c, &c.identities, "contact inbox", ci.ID, "identity", ci.IdentityID); err != nil {
		return err
	}
	identity, err := c.identities.get(ctx, ci.IdentityID)
	if err != nil {
		return err
	}
	if identity != nil && identity.ContactID != ci.ContactID {
		c.fault("contact inbox", ci.ID, "contact is %d, that of its identity %d is %d", ci.ContactID, ci.IdentityID, identity.ContactID)
	}
	return nil
}

// need reports a reference to something that the account does not have; 0
// refers to nothing.
func need[T any](ctx context.Context, c *check, in *lookup[T], thing string, id int64, what string, ref int64) error {
	if ref == 0 {
		return nil
	}
	return mustHave(ctx, c, in, thing, id, what, ref)
}

// mustHave is need for a reference that must be there.
func mustHave[T any](ctx context.Context, c *check, in *lookup[T], thing string, id int64, what string, ref int64) error {
	found, err := in.get(ctx, ref)
	if err != nil {
		return err
	}
	if found == nil {
		c.fault(thing, id, "%s %d does not exist", what, ref)
	}
	return nil
}

func (c *check) needAgent(ctx context.Context, thing string, id int64, what string, agent int64) error {
	return need(ctx, c, &c.agents, thing, id, what, agent)
}

func (c *check) needLabels(ctx context.Context, thing string, id int64, labels []int64) error {
	for _, label := range labels {
		if err := mustHave(ctx, c, &c.labels, thing, id, "label", label); err != nil {
			return err
		}
	}
	return nil
}
