// Package canned holds the use cases around canned responses.
//
// All of it is safe for concurrent use.
package canned

import (
	"context"
	"fmt"
	"strings"

	"parley/internal/core"
	"parley/internal/service/repeat"
	"parley/internal/store"
)

// Responses reads and changes canned responses.
type Responses struct {
	store store.Store
	clock core.Clock
}

// New returns the use cases on st.
func New(st store.Store, clock core.Clock) *Responses { return &Responses{store: st, clock: clock} }

// Page returns at most limit canned responses with ids above after, by id.
func (s *Responses) Page(ctx context.Context, account, after int64, limit int) ([]core.CannedResponse, error) {
	rows, err := s.store.PageCannedResponses(ctx, account, after, limit)
	if err != nil {
		return nil, fmt.Errorf("page canned responses: %w", err)
	}
	return rows, nil
}

// Response returns a canned response.
func (s *Responses) Response(ctx context.Context, account, id int64) (core.CannedResponse, error) {
	c, err := s.store.CannedResponse(ctx, account, id)
	if err != nil {
		return core.CannedResponse{}, fmt.Errorf("read canned response: %w", err)
	}
	return c, nil
}

// Create makes a canned response of c's short code and content, in c's account.
// A short code that another one has is core.Conflict. again makes the command
// one that may be asked again; nil: it may not.
func (s *Responses) Create(ctx context.Context, by core.Actor, c core.CannedResponse, again *repeat.Key) (core.CannedResponse, error) {
	made, err := repeat.Made(ctx, s.store, s.clock, c.AccountID, again, func(ctx context.Context, tx store.Tx) (core.CannedResponse, int64, error) {
		now := s.clock()
		made := core.CannedResponse{AccountID: c.AccountID, ShortCode: c.ShortCode, Content: c.Content, CreatedAt: now, UpdatedAt: now}
		if err := check(ctx, tx, &made); err != nil {
			return core.CannedResponse{}, 0, err
		}
		if err := tx.InsertCannedResponse(ctx, &made); err != nil {
			return core.CannedResponse{}, 0, err
		}
		tx.Emit(told(core.CannedResponseCreated, now, by, made))
		return made, made.ID, nil
	}, func(ctx context.Context, tx store.Tx, id int64) (core.CannedResponse, error) {
		return tx.CannedResponse(ctx, c.AccountID, id)
	})
	if err != nil {
		return core.CannedResponse{}, fmt.Errorf("create canned response: %w", err)
	}
	return made, nil
}

// Update has change alter the short code and the content, and stores what comes
// out. change may be called more than once, each time with the response as it
// is, and may refuse. A change that alters nothing is no event.
func (s *Responses) Update(
	ctx context.Context, by core.Actor, account, id int64, change func(c *core.CannedResponse) error,
) (core.CannedResponse, error) {
	var c core.CannedResponse
	err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
		before, err := tx.CannedResponse(ctx, account, id)
		if err != nil {
			return err
		}
		now := before
		if err := change(&now); err != nil {
			return err
		}
		c = before
		c.ShortCode, c.Content = now.ShortCode, now.Content
		if c == before {
			return nil
		}
		if err := check(ctx, tx, &c); err != nil {
			return err
		}
		c.UpdatedAt = s.clock()
		if err := tx.UpdateCannedResponse(ctx, c); err != nil {
			return err
		}
		tx.Emit(told(core.CannedResponseUpdated, c.UpdatedAt, by, c))
		return nil
	})
	if err != nil {
		return core.CannedResponse{}, fmt.Errorf("update canned response: %w", err)
	}
	return c, nil
}

// Delete deletes a canned response.
func (s *Responses) Delete(ctx context.Context, by core.Actor, account, id int64, may core.Check[core.CannedResponse]) error {
	err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
		c, err := tx.CannedResponse(ctx, account, id)
		if err == nil {
			err = may.Of(c)
		}
		if err != nil {
			return err
		}
		if err := tx.DeleteCannedResponse(ctx, account, id); err != nil {
			return err
		}
		tx.Emit(told(core.CannedResponseDeleted, s.clock(), by, c))
		return nil
	})
	if err != nil {
		return fmt.Errorf("delete canned response: %w", err)
	}
	return nil
}

// Bounds of what people give.
const (
	maxShortCodeBytes = 255
	maxContentBytes   = 64 << 10
)

// check refuses a canned response that cannot be stored as it is.
func check(ctx context.Context, r store.Reader, c *core.CannedResponse) error {
	if strings.TrimSpace(c.ShortCode) == "" || len(c.ShortCode) > maxShortCodeBytes {
		return core.Refuse("short_code", fmt.Sprintf("a short code has 1 to %d bytes, not all of them blank", maxShortCodeBytes))
	}
	if strings.TrimSpace(c.Content) == "" || len(c.Content) > maxContentBytes {
		return core.Refuse("content", fmt.Sprintf("a content has 1 to %d bytes, not all of them blank", maxContentBytes))
	}
	held, taken, err := r.FindCannedResponse(ctx, c.AccountID, c.ShortCode)
	if err == nil && taken && held.ID != c.ID {
		err = core.TakenField("short_code", "the short code "+c.ShortCode)
	}
	return err
}

func told(typ core.EventType, at core.Time, by core.Actor, c core.CannedResponse) core.Event {
	return core.Event{AccountID: c.AccountID, Type: typ, At: at, Actor: by, Data: c}
}
