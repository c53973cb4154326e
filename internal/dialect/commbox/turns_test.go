package commbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"parley/internal/core"
	"parley/internal/job"
	"parley/internal/service/automation"
	"parley/internal/service/conversation"
	"parley/internal/store"
	"parley/internal/testkit/testserver"
)

// TestStreamsAssign: what customers open in a stream that assigns goes to the
// managers who are active, in turn.
func TestStreamsAssign(t *testing.T) {
	t.Parallel()
	const one, two = 520803, 571562
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		stream := core.Inbox{AccountID: 1, Name: "In turn", Channel: core.ChannelWeb, Settings: `{"enable_auto_assignment":true}`}
		err := s.Store.InTx(t.Context(), 1, func(ctx context.Context, tx store.Tx) error {
			made := stream
			err := tx.InsertInbox(ctx, &made)
			stream.ID = made.ID
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		clock := func() core.Time { return testserver.Now }
		runner := job.NewRunner(s.Store, clock, testserver.Log(t), automation.New(conversation.NewWrites(s.Store, clock), clock).Handlers(), nil)
		send := func(method, path, body string, data any) {
			t.Helper()
			got := s.Send(t, method, path, body, "Authorization", bearer, "Content-Type", "application/json")
			answer := struct{ Data any }{data}
			if err := json.Unmarshal(got.Body, &answer); err != nil || got.Status != http.StatusOK {
				t.Fatalf("%s %s answered %d: %s, %v", method, path, got.Status, got.Body, err)
			}
		}
		presence := func(manager, to int) {
			t.Helper()
			send(http.MethodPost, fmt.Sprintf("/managers/%d/presence/%d", manager, to), "", nil)
		}
		create := func() (id int64) {
			t.Helper()
			var object struct{ ID, AssignedManagerID int64 }
			send(http.MethodPost, fmt.Sprintf("/streams/%d/objects", stream.ID), `{"data":{"UserIdentity":700021,"Message":"Anybody?"}}`, &object)
			if object.AssignedManagerID != 0 {
				t.Errorf("object %d is assigned at once", object.ID)
			}
			return object.ID
		}
		assigned := func(when string, id, want int64) {
			t.Helper()
			if err := runner.Work(t.Context()); err != nil {
				t.Fatal(err)
			}
			var objects [1]struct{ AssignedManagerID, LastAssignedManagerID int64 }
			send(http.MethodGet, fmt.Sprintf("/streams/%d/objects/%d", stream.ID, id), "", &objects)
			if object := objects[0]; object.AssignedManagerID != want || object.LastAssignedManagerID != want {
				t.Errorf("%s: manager %d is assigned, and was %d; want %d", when, object.AssignedManagerID, object.LastAssignedManagerID, want)
			}
		}
		presence(600002, 3)
		first := create()
		assigned("nobody is active", first, 0)
		presence(two, 1)
		assigned("one is", first, two)
		presence(one, 1)
		assigned("the turn of the other", create(), one)
		assigned("and round again", create(), two)
		healthy(t, s.Store)
	})
}
