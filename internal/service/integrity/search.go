package integrity

import (
	"context"
	"fmt"
	"slices"

	"parley/internal/core"
	"parley/internal/store"
)

// deepDocuments is how many entries of an account are looked for by their words:
// that they have documents is proved of all.
const deepDocuments = 1000

// index is what is known of the account's search index while it is looked at.
type index struct {
	filling   bool // a backfill goes on: what is missing is no fault
	deep      int  // how many entries were looked for by their words
	documents int64
}

// checkIndex asks whether the index is being filled.
func (c *check) checkIndex(ctx context.Context) error {
	jobs, err := c.r.ListJobs(ctx, c.account.ID, store.BackfillJob)
	if err != nil {
		return fmt.Errorf("list backfills: %w", err)
	}
	c.index.filling = len(jobs) > 0
	return nil
}

// checkEntryDocuments proves that entries are found by what they say.
func (c *check) checkEntryDocuments(ctx context.Context, entries []core.Entry) error {
	if c.index.filling {
		return nil
	}
	deep := c.index.deep < deepDocuments
	c.index.deep += len(entries)
	for some := range slices.Chunk(entries, store.MaxIDs) {
		wrong, documents, err := c.r.MisindexedEntries(ctx, c.account.ID, some, deep)
		if err != nil {
			return err
		}
		c.index.documents += int64(documents)
		for _, id := range wrong {
			c.fault("entry", id, "its document of the search index is not what it says")
		}
	}
	return nil
}

// checkContactDocuments is the same for contacts.
func (c *check) checkContactDocuments(ctx context.Context, contacts []core.Contact) error {
	if c.index.filling {
		return nil
	}
	wrong, documents, err := c.r.MisindexedContacts(ctx, c.account.ID, contacts, true)
	c.index.documents += int64(documents)
	for _, id := range wrong {
		c.fault("contact", id, "its document of the search index is not what is known of it")
	}
	return err
}

// checkDocuments proves, when all entries and contacts were seen, that there are
// no documents beside theirs.
func (c *check) checkDocuments(ctx context.Context) error {
	if c.index.filling {
		return nil
	}
	count, err := c.r.CountDocuments(ctx, c.account.ID)
	if err == nil && count != c.index.documents {
		c.fault("account", c.account.ID, "the search index holds %d documents, %d of them of entries and contacts", count, c.index.documents)
	}
	return err
}
