package interchange

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"

	"parley/internal/core"
	"parley/internal/store"
)

const (
	// pageRows is how many rows are read at a time where rows are small,
	// pageBodies where each may hold a megabyte.
	pageRows   = 500
	pageBodies = 100
)

// ExportOptions says what to export. The zero value is every account without
// secrets.
type ExportOptions struct {
	// Accounts are the accounts to export; none = all.
	Accounts []int64
	// WithSecrets adds the installation's key of ids, tokens, and the secrets
	// of agents, inboxes, contact inboxes and webhooks. Without them an import
	// makes new ones, where the product needs one.
	WithSecrets bool
}

// Export writes accounts as records, one a line, each after those that it
// refers to. All of it is one state of the store. It returns core.NotFound,
// and has written nothing, when an account does not exist.
func Export(ctx context.Context, st store.Store, w io.Writer, opts ExportOptions) error {
	buffered := bufio.NewWriterSize(w, 64<<10)
	err := st.View(ctx, func(ctx context.Context, r store.Reader) error {
		ex := &exporter{r: r, w: buffered, secrets: opts.WithSecrets}
		return ex.export(ctx, opts.Accounts)
	})
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}

// exporter writes one state.
type exporter struct {
	r       store.Reader
	w       *bufio.Writer
	secrets bool
	line    []byte // reused
	account int64
}

func (ex *exporter) write(r record) error {
	ex.line = append(appendRecord(ex.line[:0], r), '\n')
	_, err := ex.w.Write(ex.line)
	return err
}

func (ex *exporter) export(ctx context.Context, ids []int64) error {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	for _, id := range ids {
		if _, err := ex.r.Account(ctx, id); err != nil {
			return fmt.Errorf("account %d: %w", id, err)
		}
	}
	if err := ex.installation(ctx); err != nil {
		return err
	}
	if len(ids) > 0 {
		for _, id := range ids {
			a, err := ex.r.Account(ctx, id)
			if err != nil {
				return err
			}
			if err := ex.exportAccount(ctx, &a); err != nil {
				return err
			}
		}
		return nil
	}
	page := func(ctx context.Context, _, after int64, limit int) ([]core.Account, error) {
		return ex.r.ListAccounts(ctx, after, limit)
	}
	return walk(ctx, 0, pageRows, page, func(a *core.Account) int64 { return a.ID }, func(ctx context.Context, rows []core.Account) error {
		for i := range rows {
			if err := ex.exportAccount(ctx, &rows[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (ex *exporter) installation(ctx context.Context) error {
	if !ex.secrets {
		return nil
	}
	key, ok, err := ex.r.FindSetting(ctx, idKeySetting)
	if err != nil || !ok {
		return err
	}
	return ex.write(&installationRecord{IDKey: key})
}

// walk reads a table page by page.
func walk[T any](
	ctx context.Context, account int64, limit int,
	page func(ctx context.Context, account, after int64, limit int) ([]T, error),
	id func(*T) int64,
	each func(ctx context.Context, rows []T) error,
) error {
	for after := int64(0); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		rows, err := page(ctx, account, after, limit)
		if err != nil {
			return err
		}
		if err := each(ctx, rows); err != nil {
			return err
		}
		if len(rows) < limit {
			return nil
		}
		after = id(&rows[len(rows)-1])
	}
}

// table writes a table of the account, one record for each row.
func table[T any](
	ctx context.Context, ex *exporter,
	page func(ctx context.Context, account, after int64, limit int) ([]T, error),
	id func(*T) int64,
	recordOf func(*T) record,
) error {
	return walk(ctx, ex.account, pageRows, page, id, func(_ context.Context, rows []T) error {
		for i := range rows {
			if err := ex.write(recordOf(&rows[i])); err != nil {
				return err
			}
		}
		return nil
	})
}

func (ex *exporter) exportAccount(ctx context.Context, a *core.Account) error {
	ex.account = a.ID
	if err := ex.write(accountOf(a)); err != nil {
		return err
	}
	for _, part := range []func(ctx context.Context) error{
		ex.profiles, ex.agents, ex.tokens, ex.teams, ex.labelGroups, ex.labels, ex.inboxes, ex.subInboxes, ex.cannedResponses, ex.attributeDefinitions, ex.webhooks,
		ex.contacts, ex.identities, ex.contactInboxes, ex.conversations,
	} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (ex *exporter) profiles(ctx context.Context) error {
	return table(ctx, ex, ex.r.PageProfiles, func(p *core.Profile) int64 { return p.ID },
		func(p *core.Profile) record { return profileOf(p) })
}

func (ex *exporter) agents(ctx context.Context) error {
	return table(ctx, ex, ex.r.PageAgents, func(a *core.Agent) int64 { return a.ID },
		func(a *core.Agent) record { return agentOf(a, ex.secrets) })
}

func (ex *exporter) tokens(ctx context.Context) error {
	if !ex.secrets {
		return nil
	}
	return table(ctx, ex, ex.r.PageTokens, func(t *core.Token) int64 { return t.ID },
		func(t *core.Token) record { return tokenOf(t) })
}

func (ex *exporter) teams(ctx context.Context) error {
	return table(ctx, ex, ex.r.PageTeams, func(t *core.Team) int64 { return t.ID },
		func(t *core.Team) record { return teamOf(t) })
}

func (ex *exporter) labelGroups(ctx context.Context) error {
	return table(ctx, ex, ex.r.PageLabelGroups, func(g *core.LabelGroup) int64 { return g.ID },
		func(g *core.LabelGroup) record { return labelGroupOf(g) })
}

func (ex *exporter) labels(ctx context.Context) error {
	return table(ctx, ex, ex.r.PageLabels, func(l *core.Label) int64 { return l.ID },
		func(l *core.Label) record { return labelOf(l) })
}

func (ex *exporter) inboxes(ctx context.Context) error {
	var members map[int64][]int64 // of the page
	return table(ctx, ex, func(ctx context.Context, account, after int64, limit int) ([]core.Inbox, error) {
		rows, err := ex.r.PageInboxes(ctx, account, after, min(limit, store.MaxIDs))
		if err != nil {
			return nil, err
		}
		ids := make([]int64, len(rows))
		for i := range rows {
			ids[i] = rows[i].ID
		}
		members, err = ex.r.InboxMembers(ctx, account, ids)
		return rows, err
	}, func(i *core.Inbox) int64 { return i.ID }, func(i *core.Inbox) record {
		r := inboxOf(i, ex.secrets)
		r.AgentIDs = members[i.ID]
		return r
	})
}

func (ex *exporter) subInboxes(ctx context.Context) error {
	return table(ctx, ex, ex.r.PageSubInboxes, func(s *core.SubInbox) int64 { return s.ID },
		func(s *core.SubInbox) record { return subInboxOf(s) })
}

func (ex *exporter) cannedResponses(ctx context.Context) error {
	return table(ctx, ex, ex.r.PageCannedResponses, func(c *core.CannedResponse) int64 { return c.ID },
		func(c *core.CannedResponse) record { return cannedResponseOf(c) })
}

func (ex *exporter) attributeDefinitions(ctx context.Context) error {
	return table(ctx, ex, ex.r.PageAttributeDefinitions, func(d *core.AttributeDefinition) int64 { return d.ID },
		func(d *core.AttributeDefinition) record { return attributeDefinitionOf(d) })
}

func (ex *exporter) webhooks(ctx context.Context) error {
	return table(ctx, ex, ex.r.PageWebhooks, func(w *core.Webhook) int64 { return w.ID },
		func(w *core.Webhook) record { return webhookOf(w, ex.secrets) })
}

func (ex *exporter) identities(ctx context.Context) error {
	return table(ctx, ex, ex.r.PageIdentities, func(i *core.Identity) int64 { return i.ID },
		func(i *core.Identity) record { return identityOf(i) })
}

func (ex *exporter) contactInboxes(ctx context.Context) error {
	return table(ctx, ex, ex.r.PageContactInboxes, func(ci *core.ContactInbox) int64 { return ci.ID },
		func(ci *core.ContactInbox) record { return contactInboxOf(ci, ex.secrets) })
}
