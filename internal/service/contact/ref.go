package contact

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"parley/internal/core"
	"parley/internal/store"
)

// Find returns the contact that a reference means: an id or a UUID; or, behind
// "external:", "email:" or "phone:", a key of the contact; or, behind
// "identity:", the id or UUID of one of its identities. One that means nobody is
// core.NotFound.
func (s *Reads) Find(ctx context.Context, account int64, ref string) (core.Contact, error) {
	c, err := find(ctx, s.store, account, ref)
	if err != nil {
		return core.Contact{}, fmt.Errorf("find contact: %w", err)
	}
	return c, nil
}

func find(ctx context.Context, r store.Contacts, account int64, ref string) (core.Contact, error) {
	var c core.Contact
	var ok bool
	var err error
	form, key, keyed := strings.Cut(ref, ":")
	switch {
	case !keyed:
		return byID(ctx, account, ref, r.Contact, r.FindContactByUUID)
	case form == "external":
		c, ok, err = r.FindContactByIdentifier(ctx, account, strings.TrimSpace(key))
	case form == "email":
		c, ok, err = r.FindContactByEmail(ctx, account, strings.ToLower(strings.TrimSpace(key)))
	case form == "phone":
		c, ok, err = r.FindContactByPhone(ctx, account, NormalPhone(key))
	case form == "identity":
		i, err := byID(ctx, account, key, r.Identity, r.FindIdentityByUUID)
		if err != nil {
			return core.Contact{}, err
		}
		return r.Contact(ctx, account, i.ContactID)
	}
	if err == nil && !ok {
		err = core.Absent("contact")
	}
	return c, err
}

// byID reads a thing by its id or UUID.
func byID[T any](
	ctx context.Context, account int64, name string,
	read func(ctx context.Context, account, id int64) (T, error), find func(ctx context.Context, account int64, uuid string) (T, bool, error),
) (T, error) {
	var none T
	if id, err := strconv.ParseInt(name, 10, 64); err == nil {
		if id < 1 {
			return none, core.Absent("contact")
		}
		return read(ctx, account, id)
	}
	if uuid.Validate(name) != nil {
		return none, core.Absent("contact")
	}
	v, ok, err := find(ctx, account, strings.ToLower(name))
	if err == nil && !ok {
		err = core.Absent("contact")
	}
	return v, err
}

// Identity returns an identity by its id or UUID; core.NotFound when the
// account has none.
func (s *Reads) Identity(ctx context.Context, account int64, name string) (core.Identity, error) {
	i, err := byID(ctx, account, name, s.store.Identity, s.store.FindIdentityByUUID)
	if err != nil {
		return core.Identity{}, fmt.Errorf("find identity: %w", err)
	}
	return i, nil
}

// List returns at most limit contacts with an id greater than after, by id.
func (s *Reads) List(ctx context.Context, account, after int64, limit int) ([]core.Contact, error) {
	all, err := s.store.PageContacts(ctx, account, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list contacts: %w", err)
	}
	return all, nil
}

// Identities returns at most limit identities of the contact with an id greater
// than after, by id, each with the number of its conversations.
func (s *Reads) Identities(ctx context.Context, account, contact, after int64, limit int) ([]store.IdentityUse, error) {
	all, err := s.store.ListIdentities(ctx, account, contact, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list identities: %w", err)
	}
	return all, nil
}

// ShownLabels returns the labels of a contact that were not deleted.
func (s *Reads) ShownLabels(ctx context.Context, account int64, ids []int64) ([]int64, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	labels, err := s.store.LabelsByID(ctx, account, ids[:min(len(ids), store.MaxIDs)])
	if err != nil {
		return nil, fmt.Errorf("read labels: %w", err)
	}
	alive := map[int64]bool{}
	for i := range labels {
		alive[labels[i].ID] = !labels[i].DeletedAt.IsSet()
	}
	var shown []int64
	for _, id := range ids {
		if alive[id] {
			shown = append(shown, id)
		}
	}
	return shown, nil
}
