package live_test

import (
	"slices"
	"testing"

	"parley/internal/core"
	"parley/internal/live"
	"parley/internal/service/feed"
)

// heard empties what a reader was told.
func (r *reader) heard(t *testing.T) []live.Signal {
	t.Helper()
	r.signals = nil
	r.next(t)
	var s []live.Signal
	for _, sig := range r.signals {
		s = append(s, *sig)
	}
	return s
}

func (w *world) readers(t *testing.T, requests ...*reader) {
	t.Helper()
	for _, r := range requests {
		r.until(t, w.head(t).Seq)
		t.Cleanup(func() { r.cut(false) })
	}
}

func TestTyping(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		visitor, ada := w.reader(feed.Viewer{ContactID: w.Ask.ContactID}, feed.Query{}), w.reader(feed.Viewer{ContactID: w.Ada.ID}, feed.Query{})
		self, other := w.reader(feed.Viewer{AgentID: w.Agent.ID}, feed.Query{}), w.reader(feed.Viewer{AgentID: w.Admin.ID}, feed.Query{})
		elsewhere, program := w.reader(feed.Viewer{AgentID: w.Bot.ID, InboxIDs: []int64{w.Mail.ID}}, feed.Query{}), w.reader(feed.Viewer{}, feed.Query{})
		narrow := w.reader(feed.Viewer{}, feed.Query{ConversationID: w.Invoice.ID})
		everybody := []*reader{visitor, ada, self, other, elsewhere, program, narrow}
		w.readers(t, everybody...)
		told := func(what string, on bool, want ...*reader) {
			t.Helper()
			for i, r := range everybody {
				heard := r.heard(t)
				if !slices.Contains(want, r) {
					if len(heard) != 0 {
						t.Errorf("%s: reader %d heard %+v", what, i, heard)
					}
				} else if len(heard) != 1 || heard[0].Typing == nil || heard[0].Typing.On != on {
					t.Errorf("%s: reader %d heard %+v, want that it is %t", what, i, heard, on)
				}
			}
		}
		says := func(who core.Actor, on bool) {
			w.hub.Typing(w.Account.ID, live.Typing{ConversationID: w.Ask.ID, ContactID: w.Ask.ContactID, InboxID: w.Ask.InboxID, Who: who, On: on})
		}
		at := func(since core.Time) {
			w.now.Store(int64(noon + since))
			w.hub.Tick()
		}
		agent, contact := core.Actor{Type: core.ActorAgent, ID: w.Agent.ID}, core.Actor{Type: core.ActorContact, ID: w.Ask.ContactID}
		says(agent, true)
		told("an agent", true, visitor, other, program)
		says(agent, true)
		told("within a second", true)
		at(5 * second)
		says(agent, true)
		told("still", true)
		at(11*second - 1)
		told("not stopped yet", true)
		at(11 * second)
		told("stopped by time", false, visitor, other, program)
		says(contact, true)
		told("the contact", true, self, other, program)
		says(contact, false)
		told("the contact stops", false, self, other, program)
		says(contact, true)
		told("the contact once more, within the second", true)
		at(12 * second)
		says(contact, true)
		told("the contact, a second later", true, self, other, program)
	})
}

func TestPresence(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		watcher := w.reader(feed.Viewer{AgentID: w.Admin.ID, InboxIDs: []int64{w.Web.ID}}, feed.Query{})
		contact := w.reader(feed.Viewer{ContactID: w.Ada.ID}, feed.Query{})
		w.readers(t, watcher, contact)
		who := core.Actor{Type: core.ActorContact, ID: w.Ada.ID}
		told := func(what string, want ...bool) {
			t.Helper()
			var got []bool
			for _, s := range watcher.heard(t) {
				if s.Presence == nil || s.Presence.People[0].Who != who {
					t.Errorf("%s: heard %+v", what, s)
					continue
				}
				got = append(got, s.Presence.Online)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: heard %v, want %v", what, got, want)
			}
			if heard := contact.heard(t); len(heard) != 0 {
				t.Errorf("%s: a contact heard %+v", what, heard)
			}
		}
		online := func(what string, want bool) {
			t.Helper()
			if got := slices.Contains(w.hub.Online(w.Account.ID), live.Person{Who: who, InboxID: w.Web.ID}); got != want {
				t.Errorf("%s: online %t, want %t", what, got, want)
			}
		}
		at := func(since core.Time) {
			w.now.Store(int64(noon + since))
			w.hub.Tick()
		}
		come := func() *reader {
			r := w.reader(feed.Viewer{ContactID: w.Ada.ID}, feed.Query{})
			r.request.Person = live.Person{Who: who, InboxID: w.Web.ID}
			r.open(t)
			return r
		}
		online("before", false)
		one := come()
		told("came", true)
		online("came", true)
		two := come()
		one.cut(false)
		at(100 * second)
		told("one stream of two left")
		two.cut(false)
		at(105*second - 1)
		told("on the way to another page")
		three := come()
		at(110 * second)
		told("came back")
		online("came back", true)
		three.cut(false)
		at(115 * second)
		told("gone", false)
		online("gone", false)
		elsewhere := w.reader(feed.Viewer{ContactID: w.Ada.ID}, feed.Query{})
		elsewhere.request.Person = live.Person{Who: who, InboxID: w.Mail.ID}
		elsewhere.open(t)
		defer elsewhere.cut(false)
		told("came to an inbox out of sight")
	})
}

// TestPresenceOfOtherNodes: what another node promises holds for its time.
func TestPresenceOfOtherNodes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		watcher := w.reader(feed.Viewer{AgentID: w.Admin.ID}, feed.Query{})
		w.readers(t, watcher)
		ada := live.Person{Who: core.Actor{Type: core.ActorContact, ID: w.Ada.ID}}
		promise := func(until core.Time) {
			w.hub.Receive(live.Signal{AccountID: w.Account.ID, Presence: &live.Presence{Node: "another", People: []live.Person{ada}, Until: noon + until}})
		}
		count := func(what string, at core.Time, want int) {
			t.Helper()
			w.now.Store(int64(noon + at))
			w.hub.Tick()
			if got := len(watcher.heard(t)); got != want {
				t.Errorf("%s: heard %d changes, want %d", what, got, want)
			}
		}
		promise(45 * second)
		count("came", 1*second, 1)
		promise(65 * second)
		count("still there", 45*second, 0)
		count("the node is gone", 65*second, 1)
	})
}
