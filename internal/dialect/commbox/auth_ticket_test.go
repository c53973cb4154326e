package commbox_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"parley/internal/core"
	"parley/internal/dialect/commbox"
	"parley/internal/testkit"
	"parley/internal/testkit/testserver"
)

const (
	ticketPath  = "/auth/ticket"
	fullTicket  = `{"data":{"brand":"7","email":" Lea@Example.org ","uniqueId":"c-812","firstName":"Lea","lastName":"Brandt","phone1":4930123456,"remark":"hi","overrideUserInfo":true,"oneTimeUse":"True"}}`
	agentTicket = `{"data":{"brand":"7","username":"nora","email":"Nora@Harbour.example","firstName":"Eve","oneTimeUse":true}}`
	fiveMinutes = 5 * 60 * 1_000_000
	oneMinute   = 60 * 1_000_000
)

// TestTickets asks for tickets in every form of a body, and opens them.
func TestTickets(t *testing.T) {
	t.Parallel()
	ids, err := commbox.NewOpaqueIDs(testserver.IDKey())
	if err != nil {
		t.Fatal(err)
	}
	full := commbox.Ticket{
		UniqueID: "c-812", Email: "lea@example.org", Phone: "+4930123456", FirstName: "Lea", LastName: "Brandt", Remark: "hi", Override: true, OneTime: true,
		ExpiresAt: testserver.Now + fiveMinutes,
	}
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		seen := map[string]bool{}
		for body, want := range map[string]commbox.Ticket{
			fullTicket:                   full,
			`{"brand":7,"uniqueId":"x"}`: {UniqueID: "x", ExpiresAt: testserver.Now + fiveMinutes},
			`{"data":{"Brand":"b","EMAIL":"a@b","username":""}}`:       {Email: "a@b", ExpiresAt: testserver.Now + fiveMinutes},
			`{"data":{"brand":"b","phone1":"+15550100","email":null}}`: {Phone: "+15550100", ExpiresAt: testserver.Now + fiveMinutes},
			agentTicket: {AgentID: 600002, OneTime: true, ExpiresAt: testserver.Now + oneMinute},
		} {
			got := s.Send(t, http.MethodPost, ticketPath, body, "Authorization", bearer)
			testkit.CheckResponse(t, "commbox", http.MethodPost, ticketPath, got.Status, got.Header, got.Body)
			var answer struct {
				Data struct {
					Text string `json:"encpryptedString"`
				}
			}
			if err := json.Unmarshal(got.Body, &answer); err != nil || got.Status != http.StatusOK {
				t.Fatalf("%s: answered %d %s, %v", body, got.Status, got.Body, err)
			}
			text := answer.Data.Text
			testkit.Golden(t, "testdata/golden/ticket/ticket.json", bytes.ReplaceAll(got.Body, []byte(text), []byte("TICKET")))
			ticket, ok := ids.OpenTicket(1, text, testserver.Now)
			if seen[ticket.ID] || len(ticket.ID) < 20 {
				t.Errorf("%s: the ticket is called %q", body, ticket.ID)
			}
			seen[ticket.ID] = true
			if ticket.ID = ""; !ok || ticket != want {
				t.Errorf("%s: the ticket is %+v, %t, want %+v", body, ticket, ok, want)
			}
			for account, now := range map[int64]core.Time{1: want.ExpiresAt, 2: testserver.Now} {
				if _, ok := ids.OpenTicket(account, text, now); ok {
					t.Errorf("%s: the ticket opens in account %d at %d", body, account, now)
				}
			}
		}
		for _, body := range []string{
			"", "{}", "[]", "x", `{"data":{}}`, `{"data":{"email":"a@b"}}`, `{"data":{"brand":" ","email":"a@b"}}`, `{"data":{"brand":"7"}}`,
			`{"data":{"brand":"7","firstName":"Lea"}}`, `{"data":{"brand":"7","email":"a@b","username":"nora"}}`, `{"data":{"brand":"7","phone1":"4930123456","username":"nora"}}`,
			`{"data":{"brand":"7","email":"nora@harbour.example","username":"nobody"}}`, `{"data":{"email":"nora@harbour.example","username":"nora"}}`,
			`{"data":{"brand":"7","uniqueId":"c-812","username":"nora"}}`, `{"data":{"brand":"7","email":"nobody"}}`,
			`{"data":{"brand":"7","phone1":"030 123"}}`, `{"data":{"brand":"7","phone1":"0049301234"}}`, `{"data":{"brand":"7","phone1":"123456789012345678901"}}`,
			`{"data":{"brand":"7","uniqueId":"` + strings.Repeat("é", 51) + `"}}`, `{"data":{"brand":"7","uniqueId":"x","oneTimeUse":"perhaps"}}`,
			`{"data":{"brand":"7","uniqueId":"x","remark":"` + strings.Repeat("m", 1001) + `"}}`, `{"data":{"brand":["7"],"uniqueId":"x"}}`,
		} {
			refuseTicket(t, s, body, bearer, http.StatusBadRequest, "400")
		}
		for _, auth := range []string{"", "Bearer wrong", "Bearer harbour-reader-key-0001"} {
			refuseTicket(t, s, fullTicket, auth, http.StatusUnauthorized, "401")
		}
		refuseTicket(t, s, agentTicket, "Bearer harbour-agent-key-0001", http.StatusUnauthorized, "401")
	})
}

// refuseTicket asks for a ticket that must not be given.
func refuseTicket(t *testing.T, s *testserver.Server, body, auth string, status int, golden string) {
	t.Helper()
	got := s.Send(t, http.MethodPost, ticketPath, body, "Authorization", auth)
	if got.Status != status {
		t.Errorf("%.100s as %q answered %d %s", body, auth, got.Status, got.Body)
		return
	}
	testkit.Golden(t, "testdata/golden/errors/"+golden+".json", got.Body)
	testkit.CheckResponse(t, "commbox", http.MethodPost, ticketPath, got.Status, got.Header, got.Body)
}
