package live

import (
	"sync"
	"time"

	"parley/internal/core"
)

// Times of typing.
const (
	// typingLasts is how long somebody types who does not say so again.
	typingLasts = core.Time(6 * time.Second / time.Microsecond)
	// typingEvery is how often somebody is heard at most.
	typingEvery = core.Time(time.Second / time.Microsecond)
)

// typing is who types where.
type typing struct {
	mu     sync.Mutex
	people map[typist]*typed // guarded by mu
}

// typist is somebody in a conversation.
type typist struct {
	account, conversation int64
	who                   core.Actor
}

// typed is what was heard of a typist last.
type typed struct {
	last Typing
	at   core.Time
}

// Typing tells those who may see the conversation that somebody types, or no
// longer does. Whether they may, the caller has checked. Nobody is heard more
// than once a second; who does not say it again within six seconds has stopped.
func (h *Hub) Typing(account int64, y Typing) {
	now := h.clock()
	h.typing.mu.Lock()
	before := h.typing.people[typist{account, y.ConversationID, y.Who}]
	tooSoon := y.On && before != nil && now-before.at < typingEvery
	h.typing.mu.Unlock()
	if !tooSoon {
		h.bus.Publish(Signal{AccountID: account, Typing: &y})
	}
}

// typed notes what some node has heard, and passes on what is new.
func (h *Hub) typed(account int64, y Typing) {
	key, now := typist{account, y.ConversationID, y.Who}, h.clock()
	h.typing.mu.Lock()
	before := h.typing.people[key]
	isNew := y.On != (before != nil && before.last.On)
	if isNew || y.On {
		h.typing.people[key] = &typed{last: y, at: now}
	}
	h.typing.mu.Unlock()
	if isNew {
		h.tellTyping(account, y)
	}
}

// tickTyping has those stop who were not heard again.
func (h *Hub) tickTyping(now core.Time) {
	stopped := map[typist]Typing{}
	h.typing.mu.Lock()
	for key, y := range h.typing.people {
		if now-y.at < typingLasts {
			continue
		}
		delete(h.typing.people, key)
		if y.last.On {
			y.last.On = false
			stopped[key] = y.last
		}
	}
	h.typing.mu.Unlock()
	for key, y := range stopped {
		h.tellTyping(key.account, y)
	}
}

// tellTyping tells the conversation's contact of agents, and agents and the
// account's programs of everybody else.
func (h *Hub) tellTyping(account int64, y Typing) {
	t := h.watching(account)
	if t == nil {
		return
	}
	t.signal(&Signal{AccountID: account, Typing: &y}, y.ContactID, func(s *Subscription) bool {
		v := &s.viewer
		switch {
		case s.query.ConversationID != 0 && s.query.ConversationID != y.ConversationID:
			return false
		case v.ContactID != 0:
			return v.ContactID == y.ContactID && y.Who.Type != core.ActorContact
		case v.AgentID != 0:
			return v.InSight(y.InboxID) && (y.Who.Type != core.ActorAgent || y.Who.ID != v.AgentID)
		}
		return true
	})
}
