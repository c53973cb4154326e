package uncodie_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"parley/internal/testkit"
	"parley/internal/testkit/testserver"
)

// crowd writes a fixture of n conversations of one anonymous visitor, with many
// equal times. Every third has no message.
func crowd(t *testing.T, n int) string {
	t.Helper()
	return fixture(t, func(write func(format string, args ...any)) {
		random := rand.New(rand.NewPCG(3, 4))
		at := func() string {
			return time.Date(2026, 2, 1, 0, 0, random.IntN(20), 0, time.UTC).Format(time.RFC3339)
		}
		for i := 1; i <= n; i++ {
			write(`{"kind":"conversation","id":%d,"uuid":"5c2f7b1e-8a40-4d39-9e6b-%012d","inbox_id":1,"identity_id":30,"created_at":%q}`, i, i, at())
			if i%3 > 0 {
				write(`{"kind":"message","id":%d,"conversation_id":%d,"sender":{"type":"contact"},"content":"%d","created_at":%q}`, i, i, i, at())
			}
		}
	})
}

// fixture writes a site with one visitor, and what more adds to it.
func fixture(t *testing.T, more func(write func(format string, args ...any))) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fixture.ndjson")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	write := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
	write(`{"kind":"account","id":1,"uuid":%q,"name":"Harbour"}`, site)
	write(`{"kind":"token","account_id":1,"name":"full","token":%q}`, fullKey)
	write(`{"kind":"inbox","id":1,"account_id":1,"name":"Site","channel":"web"}`)
	write(`{"kind":"contact","id":20,"account_id":1}`)
	write(`{"kind":"identity","id":30,"uuid":%q,"contact_id":20,"provider_type":6,"address":"browser"}`, browser)
	more(write)
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// Pages cover the list exactly once and in its order, whatever their size; the
// total is the same on each, and a page has at most 1,000 rows.
func TestPagesCoverTheListOnce(t *testing.T) {
	t.Parallel()
	const most = 1000
	total, sizes := most+3, []int{97, 334, most, most + 500}
	if testkit.Small() {
		total, sizes = 103, []int{7, 34, 103, most + 500}
	}
	testserver.Each(t, crowd(t, total), func(t *testing.T, s *testserver.Server) {
		for _, size := range sizes {
			seen := map[string]bool{}
			last := "9"
			for offset := 0; ; {
				got := list(t, s, fullKey, url.Values{
					"visitor_id": {browser}, "limit": {strconv.Itoa(size)}, "offset": {strconv.Itoa(offset)},
				})
				if got.Data.Pagination.Total != float64(total) || got.Data.Pagination.Limit != float64(size) {
					t.Fatalf("pagination at %d: %+v", offset, got.Data.Pagination)
				}
				rows := got.Data.Conversations
				if want := min(size, most, total-offset); len(rows) != want {
					t.Fatalf("page of %d at %d has %d rows, want %d", size, offset, len(rows), want)
				}
				for _, c := range rows {
					if seen[c.ID] {
						t.Fatalf("page of %d at %d: %s comes twice", size, offset, c.ID)
					}
					if c.UpdatedAt > last {
						t.Fatalf("page of %d at %d: %s stands behind an older one", size, offset, c.ID)
					}
					seen[c.ID], last = true, c.UpdatedAt
				}
				if offset += len(rows); len(rows) == 0 {
					break
				}
			}
			if len(seen) != total {
				t.Errorf("pages of %d cover %d conversations, want %d", size, len(seen), total)
			}
		}
	})
}

// A thread of many pages of history is sent whole and in order, beside short
// ones, and notes stay out of it.
func TestLongHistory(t *testing.T) {
	t.Parallel()
	many := 1201
	if testkit.Small() {
		many = 451
	}
	path := fixture(t, func(write func(format string, args ...any)) {
		for c := 1; c <= 3; c++ {
			write(`{"kind":"conversation","id":%d,"inbox_id":1,"identity_id":30,"created_at":"2026-02-0%dT00:00:00Z"}`, c, c)
		}
		for i := 1; i <= many; i++ {
			visibility := "public"
			if i%100 == 0 {
				visibility = "note"
			}
			write(`{"kind":"message","id":%d,"conversation_id":2,"sender":{"type":"system"},"visibility":%q,"content":"%d","created_at":"2026-02-02T00:00:00Z"}`, i, visibility, i)
		}
		write(`{"kind":"message","id":%d,"conversation_id":3,"sender":{"type":"contact"},"content":"short","created_at":"2026-02-03T00:00:00Z"}`, many+1)
	})
	testserver.Each(t, path, func(t *testing.T, s *testserver.Server) {
		got := list(t, s, fullKey, url.Values{"visitor_id": {browser}, "include": {"messages"}}).Data.Conversations
		if len(got) != 3 || len(got[0].Messages) != 1 || got[0].Messages[0].Content != "short" || len(got[2].Messages) != 0 {
			t.Fatalf("%d conversations, want the short one, the long one and the empty one", len(got))
		}
		long := got[1]
		next := 0
		for i := 1; i <= many; i++ {
			if i%100 == 0 {
				continue
			}
			if next >= len(long.Messages) || long.Messages[next].Content != strconv.Itoa(i) {
				t.Fatalf("message %d of %d is not %d", next, len(long.Messages), i)
			}
			next++
		}
		if next != len(long.Messages) || next != long.MessageCount {
			t.Errorf("%d messages and message_count %d, want %d", len(long.Messages), long.MessageCount, next)
		}
		if long.LastMessage == nil || long.LastMessage.ID != long.Messages[next-1].ID {
			t.Errorf("last_message = %+v, want the last of messages", long.LastMessage)
		}
	})
}
