package live

import (
	"maps"
	"slices"
	"sync"
	"time"

	"parley/internal/core"
)

// Times of presence.
const (
	// promised is for how long a node says that somebody is online, and
	// promiseEvery how often it says so.
	promisedFor  = core.Time(45 * time.Second / time.Microsecond)
	promiseEvery = core.Time(20 * time.Second / time.Microsecond)
	// returning is how long somebody has to come back, from one page of a
	// website to the next, before they are gone.
	returning = core.Time(5 * time.Second / time.Microsecond)
)

// presence is who is online: a node has a subscription of theirs.
type presence struct {
	mu        sync.Mutex
	people    map[int64]map[core.Actor]*online // by account; guarded by mu
	promiseAt core.Time                        // guarded by mu
}

// online is how somebody is online.
type online struct {
	inbox int64
	here  int                  // subscriptions of this node
	until map[string]core.Time // promises, by node
}

// Online returns who of the account is online, in no order.
func (h *Hub) Online(account int64) []Person {
	p := &h.presence
	p.mu.Lock()
	defer p.mu.Unlock()
	people := make([]Person, 0, len(p.people[account]))
	for who, o := range p.people[account] {
		people = append(people, Person{Who: who, InboxID: o.inbox})
	}
	return people
}

// came notes a subscription of a person.
func (h *Hub) came(account int64, who Person) {
	if who.Who.ID == 0 {
		return
	}
	h.promise(account, who, 1, promisedFor)
}

// gone notes that one has ended.
func (h *Hub) gone(account int64, who Person) {
	if who.Who.ID == 0 {
		return
	}
	h.promise(account, who, -1, returning)
}

// promise notes a change in how many subscriptions of a person this node has,
// and tells the others when it was the first or the last.
func (h *Hub) promise(account int64, who Person, change int, during core.Time) {
	p := &h.presence
	until := h.clock() + during
	p.mu.Lock()
	o, isNew := p.of(account, who)
	o.here += change
	tell := o.here == 0 || o.here == 1 && change > 0
	if tell {
		o.until[h.node] = until
	}
	p.mu.Unlock()
	if !tell {
		return
	}
	if isNew {
		h.changed(account, who, true)
	}
	h.bus.Publish(Signal{AccountID: account, Presence: &Presence{Node: h.node, People: []Person{who}, Until: until}})
}

// promised notes what another node says.
func (h *Hub) promised(account int64, s Presence) {
	if s.Node == h.node {
		return
	}
	p := &h.presence
	var came []Person
	p.mu.Lock()
	for _, who := range s.People {
		o, isNew := p.of(account, who)
		o.until[s.Node] = s.Until
		if isNew {
			came = append(came, who)
		}
	}
	p.mu.Unlock()
	for _, who := range came {
		h.changed(account, who, true)
	}
}

// of returns what is known of a person, and whether that is new. The caller
// holds mu.
func (p *presence) of(account int64, who Person) (o *online, isNew bool) {
	people := p.people[account]
	if people == nil {
		people = map[core.Actor]*online{}
		p.people[account] = people
	}
	o = people[who.Who]
	if isNew = o == nil; isNew {
		o = &online{until: map[string]core.Time{}}
		people[who.Who] = o
	}
	o.inbox = who.InboxID
	return o, isNew
}

// tickPresence tells the other nodes again who is online here, and notes who is
// so no longer.
func (h *Hub) tickPresence(now core.Time) {
	p := &h.presence
	left, here := map[int64][]Person{}, map[int64][]Person{}
	p.mu.Lock()
	again := now >= p.promiseAt
	if again {
		p.promiseAt = now + promiseEvery
	}
	for account, people := range p.people {
		for who, o := range people {
			person := Person{Who: who, InboxID: o.inbox}
			if o.here > 0 && again {
				o.until[h.node] = now + promisedFor
				here[account] = append(here[account], person)
			}
			maps.DeleteFunc(o.until, func(_ string, until core.Time) bool { return until <= now })
			if len(o.until) == 0 && o.here == 0 {
				delete(people, who)
				left[account] = append(left[account], person)
			}
		}
		if len(people) == 0 {
			delete(p.people, account)
		}
	}
	p.mu.Unlock()
	for account, people := range left {
		for _, who := range people {
			h.changed(account, who, false)
		}
	}
	for account, people := range here {
		for some := range slices.Chunk(people, promisedAtOnce) {
			h.bus.Publish(Signal{AccountID: account, Presence: &Presence{Node: h.node, People: some, Until: now + promisedFor}})
		}
	}
}

// promisedAtOnce bounds a signal between nodes.
const promisedAtOnce = 500

// changed tells those who may see it that somebody came or went: agents, and the
// account's programs.
func (h *Hub) changed(account int64, who Person, isOnline bool) {
	t := h.watching(account)
	if t == nil {
		return
	}
	var contact int64
	if who.Who.Type == core.ActorContact {
		contact = who.Who.ID
	}
	change := &Signal{AccountID: account, Presence: &Presence{People: []Person{who}, Online: isOnline}}
	t.signal(change, contact, func(s *Subscription) bool {
		return s.viewer.ContactID == 0 && s.query.ConversationID == 0 && s.viewer.InSight(who.InboxID)
	})
}
