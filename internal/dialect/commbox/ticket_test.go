package commbox

import (
	"strings"
	"testing"

	"parley/internal/core"
)

func TestTicketsOpen(t *testing.T) {
	t.Parallel()
	ids := testIDs(t, 0)
	const expiry core.Time = 1_772_355_605_123_456
	want := Ticket{
		ID: "A", ExpiresAt: expiry, UniqueID: "id 42/ä", Email: "lea@example.org", Phone: "+4930123456", FirstName: "Lea <b>", LastName: "\u2028",
		Remark: strings.Repeat("long ", 200), Override: true, OneTime: true,
	}
	text, err := ids.SealTicket(7, want)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_%") != "" {
		t.Errorf("the ticket has other characters than opaque ids: %s", text)
	}
	bare := strings.ReplaceAll(text, "%3d", "")
	padding := strings.Count(text, "%3d")
	for _, form := range []string{
		text, bare + strings.Repeat("=", padding), bare + strings.Repeat("%3D", padding), bare + strings.Repeat("%253d", padding), bare + strings.Repeat("%25253D", padding),
	} {
		if got, ok := ids.OpenTicket(7, form, expiry-1); !ok || got != want {
			t.Errorf("opened as %+v, %t", got, ok)
		}
	}
	for name, open := range map[string]func() (Ticket, bool){
		"at its expiry":        func() (Ticket, bool) { return ids.OpenTicket(7, text, expiry) },
		"later":                func() (Ticket, bool) { return ids.OpenTicket(7, text, expiry+1) },
		"in another account":   func() (Ticket, bool) { return ids.OpenTicket(8, text, 0) },
		"with another key":     func() (Ticket, bool) { return testIDs(t, 1).OpenTicket(7, text, 0) },
		"cut":                  func() (Ticket, bool) { return ids.OpenTicket(7, text[:len(text)/2], 0) },
		"without its padding":  func() (Ticket, bool) { return ids.OpenTicket(7, bare+strings.Repeat("x", padding), 0) },
		"with one more letter": func() (Ticket, bool) { return ids.OpenTicket(7, "A"+text, 0) },
		"empty":                func() (Ticket, bool) { return ids.OpenTicket(7, "", 0) },
		"a stream's id":        func() (Ticket, bool) { return ids.OpenTicket(7, ids.Stream(7, 5), 0) },
		"an agent's id":        func() (Ticket, bool) { return ids.OpenTicket(7, ids.Agent(7, 5), 0) },
		"too long":             func() (Ticket, bool) { return ids.OpenTicket(7, strings.Repeat("A", maxTicketBytes+4), 0) },
		"percent signs":        func() (Ticket, bool) { return ids.OpenTicket(7, strings.Repeat("%25", 5000), 0) },
	} {
		if got, ok := open(); ok || got != (Ticket{}) {
			t.Errorf("%s it opens as %+v", name, got)
		}
	}
	// Every letter counts.
	for i := range text {
		other := byte('A')
		if text[i] == other {
			other = 'B'
		}
		if got, ok := ids.OpenTicket(7, text[:i]+string(other)+text[i+1:], 0); ok {
			t.Fatalf("with letter %d changed it opens as %+v", i, got)
		}
	}
	if _, ok := ids.FindAgent(7, text); ok {
		t.Error("a ticket is an agent's id")
	}
}

// FuzzOpenTicket looks for panics.
func FuzzOpenTicket(f *testing.F) {
	ids := testIDs(f, 0)
	text, err := ids.SealTicket(1, Ticket{ID: "a", ExpiresAt: 5})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add("%25%3d==")
	f.Fuzz(func(t *testing.T, text string) { ids.OpenTicket(1, text, 0) })
}
