package automation_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"

	"parley/internal/core"
	"parley/internal/job"
	"parley/internal/service/automation"
	"parley/internal/service/conversation"
	"parley/internal/store"
	"parley/internal/testkit"
	"parley/internal/testkit/testserver"
)

// inbox makes an inbox with these settings.
func (x *world) inbox(channel core.Channel, settings core.JSON) core.Inbox {
	x.t.Helper()
	i := core.Inbox{AccountID: x.f.Account.ID, Name: "Turns " + core.NewKey(), Channel: channel, Settings: settings, CreatedAt: start, UpdatedAt: start}
	x.inTx(func(ctx context.Context, tx store.Tx) error {
		made := i
		err := tx.InsertInbox(ctx, &made)
		i.ID = made.ID
		return err
	})
	return i
}

const assigns = core.JSON(`{"enable_auto_assignment":true}`)

// agents adds people who are there and take that many chats and others.
func (x *world) agents(n int, chats, others int64) []int64 {
	x.t.Helper()
	var ids []int64
	for range n {
		a := core.Agent{
			AccountID: x.f.Account.ID, Type: core.Person, Name: "Agent", Availability: core.Online,
			SyncCapacity: chats, AsyncCapacity: others, CreatedAt: start, UpdatedAt: start,
		}
		x.inTx(func(ctx context.Context, tx store.Tx) error {
			made := a
			err := tx.InsertAgent(ctx, &made)
			a.ID = made.ID
			return err
		})
		ids = append(ids, a.ID)
	}
	return ids
}

// start has n contacts begin a conversation each.
func (x *world) start(inbox core.Inbox, n int) []int64 {
	x.t.Helper()
	var ids []int64
	for range n {
		made, err := x.w.Start(x.t.Context(), x.f.Account.ID, conversation.NewConversation{
			Place: conversation.PlaceID{InboxID: inbox.ID}, OpenedBy: core.Actor{Type: core.ActorContact}, First: &conversation.NewEntry{Content: "x"},
		})
		if err != nil {
			x.t.Fatal(err)
		}
		ids = append(ids, made.Conversation.ID)
	}
	return ids
}

func (x *world) change(id int64, in conversation.Changes) {
	x.t.Helper()
	if _, err := x.w.Change(x.t.Context(), x.f.Account.ID, id, agentSystem, in); err != nil {
		x.t.Fatal(err)
	}
}

func (x *world) available(agent int64, to core.Availability) {
	x.t.Helper()
	if _, err := x.people.SetAvailability(x.t.Context(), agentSystem, x.f.Account.ID, agent, to); err != nil {
		x.t.Fatal(err)
	}
}

func (x *world) deleteAgent(id int64) {
	x.t.Helper()
	if err := x.people.DeleteAgent(x.t.Context(), agentSystem, x.f.Account.ID, id, nil); err != nil {
		x.t.Fatal(err)
	}
}

// are compares who is in charge of the conversations; 0 = nobody.
func (x *world) are(when string, conversations []int64, want ...int64) {
	x.t.Helper()
	var got []int64
	for _, id := range conversations {
		got = append(got, x.conversation(id).AssigneeID)
	}
	if !slices.Equal(got, want) {
		x.t.Errorf("%s: agents %v are in charge, want %v", when, got, want)
	}
}

// job tells whether the inbox has a job that looks for agents, and when it is
// to be done.
func (x *world) job(inbox core.Inbox) (core.Time, bool) {
	x.t.Helper()
	j, found, err := x.st.FindJob(x.t.Context(), x.f.Account.ID, store.AssignJob, strconv.FormatInt(inbox.ID, 10))
	if err != nil {
		x.t.Fatal(err)
	}
	return j.RunAt, found
}

func (x *world) dropJob(inbox core.Inbox) {
	x.t.Helper()
	x.inTx(func(ctx context.Context, tx store.Tx) error {
		return tx.DeleteJob(ctx, x.f.Account.ID, store.AssignJob, strconv.FormatInt(inbox.ID, 10))
	})
}

func TestTurnsGoRound(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		inbox, other := x.inbox(core.ChannelWeb, assigns), x.inbox(core.ChannelWeb, "")
		who := x.agents(3, 0, 0)
		none := x.start(other, 1)
		one := x.start(inbox, 4)
		seq := x.lastEvent()
		x.work(start)
		x.are("the first four", one, who[0], who[1], who[2], who[0])
		x.told(seq, one)
		two := x.start(inbox, 2)
		x.work(start + 1)
		x.are("the next two", two, who[1], who[2])
		x.are("an inbox that gives nothing", none, 0)
		if _, found := x.job(other); found {
			x.t.Error("an inbox that gives nothing has a job")
		}
		x.work(start + 1 + minute)
		if at, found := x.job(inbox); found {
			x.t.Errorf("a job is left for %d", at-start)
		}
		seq = x.lastEvent()
		x.work(start + 30*minute) // the schedule has it look again
		if got := x.lastEvent(); got != seq {
			x.t.Errorf("events %d to %d tell of nothing", seq, got)
		}
	})
}

func (x *world) lastEvent() int64 {
	x.t.Helper()
	a, err := x.st.Account(x.t.Context(), x.f.Account.ID)
	if err != nil {
		x.t.Fatal(err)
	}
	return a.EventSeq
}

// told checks that each conversation was assigned once after the event, by
// nobody in particular.
func (x *world) told(after int64, conversations []int64) {
	x.t.Helper()
	events, err := x.st.ListEvents(x.t.Context(), x.f.Account.ID, after, 100)
	if err != nil {
		x.t.Fatal(err)
	}
	var got, want []string
	for _, e := range events {
		switch data := e.Data.(type) {
		case core.ConversationChange:
			got = append(got, fmt.Sprint(e.ConversationID, e.Type, e.Actor.Type, data.Changed, data.Conversation.AssigneeID))
		case core.EntryChange:
			got = append(got, fmt.Sprint(e.ConversationID, e.Type, data.Entry.Sender.Type, data.Entry.Code, data.Entry.Params))
		default:
			x.t.Errorf("event %+v", e)
		}
	}
	for _, id := range conversations {
		agent := x.conversation(id).AssigneeID
		want = append(want,
			fmt.Sprint(id, core.ConversationUpdated, core.ActorSystem, []string{"assignee"}, agent),
			fmt.Sprint(id, core.ActivityCreated, core.ActorSystem, core.ActivityAssigneeChanged, fmt.Sprintf(`{"assignee_id":%d,"cause":"turn"}`, agent)))
	}
	if !slices.Equal(got, want) {
		x.t.Errorf("told\n%q\nwant\n%q", got, want)
	}
}

// TestTurnsOfThoseWhoAreThere: what waits goes to who comes first, who waits
// longest first.
func TestTurnsOfThoseWhoAreThere(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		ctx, account := x.t.Context(), x.f.Account.ID
		inbox := x.inbox(core.ChannelEmail, assigns)
		who := x.agents(3, 0, 1)
		x.available(who[0], core.Offline)
		x.available(who[1], core.Busy)
		calm, err := x.w.Start(ctx, account, conversation.NewConversation{Place: conversation.PlaceID{InboxID: inbox.ID}, OpenedBy: agentSystem})
		if err != nil {
			x.t.Fatal(err)
		}
		ids := append([]int64{calm.Conversation.ID}, x.start(inbox, 3)...)
		x.work(start)
		x.are("one is there", ids, 0, who[2], 0, 0)
		x.available(who[1], core.Online)
		x.work(start)
		x.are("one is no longer busy", ids, 0, who[2], who[1], 0)
		x.work(start)
		if at, found := x.job(inbox); !found || at != start+minute {
			x.t.Errorf("the job is to be done at %d, %t", at-start, found)
		}
		x.available(who[0], core.Online)
		x.work(start)
		x.are("one has come", ids, 0, who[2], who[1], who[0])
		x.available(who[2], core.Offline)
		x.change(ids[1], conversation.Changes{Status: &core.NewStatus{Status: core.Resolved}})
		x.work(start)
		x.are("who has room is gone", ids, 0, who[2], who[1], who[0])
		x.available(who[2], core.Online)
		x.work(start)
		x.are("and back", ids, who[2], who[2], who[1], who[0])
	})
}

// TestTurnsHeedCapacity: capacities hold for all inboxes of a kind, limits for
// one inbox, and what ends makes room.
func TestTurnsHeedCapacity(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		web, api := x.inbox(core.ChannelWeb, assigns), x.inbox(core.ChannelAPI, assigns)
		mail := x.inbox(core.ChannelEmail, `{"enable_auto_assignment":true,"max_assignment_limit":1}`)
		a := x.agents(1, 2, 0)[0]
		chats, more, mails := x.start(web, 2), x.start(api, 2), x.start(mail, 2)
		x.work(start)
		taken := 0
		for _, id := range append(slices.Clone(chats), more...) {
			if x.conversation(id).AssigneeID == a {
				taken++
			}
		}
		if taken != 2 {
			x.t.Errorf("%d chats were taken, want 2", taken)
		}
		x.are("mails", mails, a, 0)
		x.change(mails[0], conversation.Changes{Status: &core.NewStatus{Status: core.Snoozed}})
		x.work(start)
		x.are("one mail was put off", mails, a, a)
		zero := int64(0)
		for round := range 4 { // each one that ends makes room for another
			for _, id := range append(slices.Clone(chats), more...) {
				if c := x.conversation(id); c.AssigneeID == a && c.Status == core.Open {
					x.change(id, conversation.Changes{Status: &core.NewStatus{Status: core.Resolved}, AssigneeID: &zero})
					break
				}
			}
			x.work(start)
			held, err := x.st.CountOpen(x.t.Context(), x.f.Account.ID, []int64{a})
			if err != nil {
				x.t.Fatal(err)
			}
			var open int64
			for _, n := range held {
				if n.Channel.IsChat() {
					open += n.Count
				}
			}
			if want := int64(min(2, 3-round)); open != want {
				x.t.Errorf("round %d: %d chats at once, want %d", round, open, want)
			}
		}
		// Nobody tells when an import raises a capacity.
		b := x.agents(1, 1, 0)[0]
		x.available(a, core.Offline)
		late := x.start(web, 2)
		x.work(start)
		x.are("before", late, b, 0)
		x.inTx(func(ctx context.Context, tx store.Tx) error {
			agent, err := tx.Agent(ctx, x.f.Account.ID, b)
			if err != nil {
				return err
			}
			agent.SyncCapacity = 2
			return tx.UpdateAgent(ctx, agent)
		})
		x.work(start + minute)
		x.are("a minute later", late, b, b)
	})
}

// TestTurnsOfATeam: a team's conversations are for its members.
func TestTurnsOfATeam(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		ctx, account := x.t.Context(), x.f.Account.ID
		inbox := x.inbox(core.ChannelWeb, assigns)
		who := x.agents(3, 0, 0)
		few, err := x.people.CreateTeam(ctx, agentSystem, core.Team{AccountID: account, Name: "Few"}, nil)
		if err != nil {
			x.t.Fatal(err)
		}
		members := func(ids ...int64) {
			_, err := x.people.UpdateTeam(ctx, agentSystem, account, few.ID, func(t *core.Team) error {
				t.AgentIDs = ids
				return nil
			})
			if err != nil {
				x.t.Fatal(err)
			}
		}
		members(who[1], x.f.Agent.ID)
		ids := x.start(inbox, 60) // more than one transaction takes
		for _, id := range ids[:55] {
			x.change(id, conversation.Changes{TeamID: &few.ID})
		}
		x.work(start)
		for i, id := range ids[:55] {
			if got := x.conversation(id).AssigneeID; got != who[1] {
				x.t.Fatalf("conversation %d of the team went to %d, want %d", i, got, who[1])
			}
		}
		members()
		theirs := x.start(inbox, 1)
		x.change(theirs[0], conversation.Changes{TeamID: &few.ID})
		free := x.start(inbox, 3)
		x.work(start)
		x.are("a team of none", theirs, 0)
		for _, id := range free {
			if x.conversation(id).AssigneeID == 0 {
				x.t.Errorf("conversation %d waits behind that of a team", id)
			}
		}
		members(who[2])
		x.work(start)
		x.are("a team of one", theirs, who[2])
		members()
		last := x.start(inbox, 1)
		x.change(last[0], conversation.Changes{TeamID: &few.ID})
		x.work(start)
		if err := x.people.DeleteTeam(ctx, agentSystem, account, few.ID, nil); err != nil {
			x.t.Fatal(err)
		}
		x.work(start)
		if x.conversation(last[0]).AssigneeID == 0 {
			x.t.Error("what a deleted team had waits for it")
		}
	})
}

// TestWhatTakesATurn: every command after which a conversation is open and
// nobody's has somebody looked for.
// TestTurnsOfMembers: where an inbox has members, nobody else has turns in it.
func TestTurnsOfMembers(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		inbox := x.inbox(core.ChannelWeb, assigns)
		who := x.agents(3, 0, 0)
		members := func(ids ...int64) {
			x.inTx(func(ctx context.Context, tx store.Tx) error {
				return tx.SetInboxMembers(ctx, x.f.Account.ID, inbox.ID, ids)
			})
		}
		members(who[1])
		ids := x.start(inbox, 3)
		x.work(start)
		x.are("one member", ids, who[1], who[1], who[1])
		members(x.f.Bot.ID)
		ids = x.start(inbox, 1)
		x.work(start)
		x.are("nobody who has turns", ids, 0)
	})
}

func TestWhatTakesATurn(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		ctx, account := x.t.Context(), x.f.Account.ID
		inbox, silent := x.inbox(core.ChannelWeb, assigns), x.inbox(core.ChannelWeb, "")
		a, b := x.agents(1, 0, 0)[0], x.agents(1, 0, 0)[0]
		x.available(a, core.Offline)
		zero := int64(0)
		resolved := func() int64 {
			id := x.start(inbox, 1)[0]
			x.change(id, conversation.Changes{Status: &core.NewStatus{Status: core.Resolved}})
			return id
		}
		for name, command := range map[string]func() int64{
			"start by a message": func() int64 { return x.start(inbox, 1)[0] },
			"start without one": func() int64 {
				made, err := x.w.Start(ctx, account, conversation.NewConversation{Place: conversation.PlaceID{InboxID: inbox.ID}, OpenedBy: agentSystem})
				if err != nil {
					x.t.Fatal(err)
				}
				return made.Conversation.ID
			},
			"a message opens it": func() int64 {
				id := resolved()
				if _, err := x.w.Append(ctx, account, conversation.NewEntry{ConversationID: id, Kind: core.Message, Sender: core.Actor{Type: core.ActorContact}}); err != nil {
					x.t.Fatal(err)
				}
				return id
			},
			"the status opens it": func() int64 {
				id := resolved()
				x.change(id, conversation.Changes{Status: &core.NewStatus{Status: core.Open}})
				return id
			},
			"taken from a person": func() int64 {
				id := x.start(inbox, 1)[0]
				x.change(id, conversation.Changes{AssigneeID: &a})
				x.change(id, conversation.Changes{UnassignID: &a})
				return id
			},
			"taken from a bot": func() int64 {
				id := x.start(inbox, 1)[0]
				x.change(id, conversation.Changes{AssigneeID: &x.f.Bot.ID})
				x.change(id, conversation.Changes{AssigneeID: &zero})
				return id
			},
			"moved": func() int64 {
				id := x.start(silent, 1)[0]
				x.change(id, conversation.Changes{Place: &conversation.PlaceID{InboxID: inbox.ID}})
				return id
			},
			"its agent is deleted": func() int64 {
				gone := x.agents(1, 0, 0)[0]
				id := x.start(inbox, 1)[0]
				x.change(id, conversation.Changes{AssigneeID: &gone})
				x.dropJob(inbox)
				x.deleteAgent(gone)
				return id
			},
		} {
			x.dropJob(inbox)
			id := command()
			if at, found := x.job(inbox); !found || at != start {
				x.t.Errorf("%s: a job is there: %t, for %d", name, found, at-start)
			}
			x.work(start)
			if got := x.conversation(id).AssigneeID; got != b {
				x.t.Errorf("%s: agent %d is in charge, want %d", name, got, b)
			}
		}
	})
}

// TestNodesTakeTurnsOnce has several nodes at many conversations of two inboxes,
// whose agents have one capacity for both.
func TestNodesTakeTurnsOnce(t *testing.T) {
	t.Parallel()
	n := 120
	if testkit.Small() {
		n = 60
	}
	each(t, func(x *world) {
		one, two := x.inbox(core.ChannelWeb, assigns), x.inbox(core.ChannelAPI, assigns)
		ids := append(x.start(one, n), x.start(two, n)...)
		room := n / 2
		who := x.agents(3, int64(room), 0)
		seq := x.lastEvent()
		x.work(start)
		held, given := map[int64]int{}, 0
		for _, id := range ids {
			c := x.conversation(id)
			if c.AssigneeID == 0 {
				continue
			}
			given++
			held[c.AssigneeID]++
			if c.LastPosition != 2 { // the first message, and one activity
				x.t.Errorf("conversation %d has %d entries", id, c.LastPosition)
			}
		}
		if given != 3*room || held[who[0]] != room || held[who[1]] != room || held[who[2]] != room {
			x.t.Errorf("%d conversations were given, %v; want %d to each of %v", given, held, room, who)
		}
		if got := x.lastEvent() - seq; got != int64(2*given) {
			x.t.Errorf("%d events tell of %d conversations", got, given)
		}
	})
}

// TestTurnsBesideCommands has every node start and resolve conversations while
// all of them give turns.
func TestTurnsBesideCommands(t *testing.T) {
	t.Parallel()
	n := 30
	if testkit.Small() {
		n = 10
	}
	each(t, func(x *world) {
		ctx, account := x.t.Context(), x.f.Account.ID
		inbox := x.inbox(core.ChannelWeb, assigns)
		x.agents(3, 4, 0)
		resolved := core.NewStatus{Status: core.Resolved}
		var wg sync.WaitGroup
		for i, st := range x.stores {
			wg.Go(func() {
				w := conversation.NewWrites(st, x.clock)
				for range n {
					made, err := w.Start(ctx, account, conversation.NewConversation{
						Place: conversation.PlaceID{InboxID: inbox.ID}, OpenedBy: core.Actor{Type: core.ActorContact}, First: &conversation.NewEntry{Content: "x"},
					})
					if err == nil {
						err = x.nodes[i].Work(ctx)
					}
					if err == nil { // assigned or not
						_, err = w.Change(ctx, account, made.Conversation.ID, agentSystem, conversation.Changes{Status: &resolved})
					}
					if err != nil {
						x.t.Error(err)
						return
					}
				}
				if err := x.nodes[i].Work(ctx); err != nil {
					x.t.Error(err)
				}
			})
		}
		last := x.start(inbox, 9)
		wg.Wait()
		x.work(start + minute)
		for _, id := range last {
			if c := x.conversation(id); c.AssigneeID == 0 || c.LastPosition != 2 {
				x.t.Errorf("conversation %d: agent %d is in charge, %d entries", id, c.AssigneeID, c.LastPosition)
			}
		}
	})
}

// TestTurnsSurviveAFailure: a job whose transaction fails has given nothing, and
// is still there.
func TestTurnsSurviveAFailure(t *testing.T) {
	t.Parallel()
	each(t, func(x *world) {
		inbox := x.inbox(core.ChannelWeb, assigns)
		who := x.agents(2, 0, 0)
		ids := x.start(inbox, 3)
		assign := automation.New(x.w, x.clock).Handlers()[store.AssignJob]
		died := job.NewRunner(x.st, x.clock, testserver.Log(x.t), map[string]job.Handler{
			store.AssignJob: func(ctx context.Context, tx store.Tx, j store.Job) error {
				if err := assign(ctx, tx, j); err != nil {
					return err
				}
				return errors.New("the node dies before its commit")
			},
		}, nil)
		if err := died.Work(x.t.Context()); err != nil {
			x.t.Fatal(err)
		}
		x.are("nothing is stored", ids, 0, 0, 0)
		if _, found := x.job(inbox); !found {
			x.t.Fatal("the job is gone")
		}
		x.work(start + minute)
		x.are("another node did it", ids, who[0], who[1], who[0])
	})
}
