package integrity

import (
	"fmt"

	"parley/internal/core"
)

// replay appends one conversation's entries again, by the rules of core and to
// a fresh conversation, and compares what comes out with what is kept.
type replay struct {
	kept    *core.Conversation
	fresh   core.Conversation
	newest  core.Time // newest creation of an entry
	primary bool      // the primary message was met
	cursors []*cursor
	// Of entries that differ the first is told and the others are counted: one
	// wrong entry moves all that stand behind it.
	position, agentSeq, contactSeq differing
}

// cursor is one reader's place, and the entry that it names.
type cursor struct {
	what  string // whose
	of    string // the sequence it is a place in
	end   int64  // of that sequence, as kept
	at    int64
	entry int64 // 0 = nothing read
	seq   func(*core.Entry) int64

	met    bool
	metSeq int64
}

// differing tells of the first difference of one kind and counts them.
type differing struct {
	entry     int64
	got, want int64
	count     int64
}

func (d *differing) compare(entry, got, want int64) {
	if got == want {
		return
	}
	if d.count == 0 {
		d.entry, d.got, d.want = entry, got, want
	}
	d.count++
}

func (d *differing) finish(c *check, conversation int64, field string) {
	if d.count == 0 {
		return
	}
	more := ""
	if d.count > 1 {
		more = fmt.Sprintf("; %d more in this conversation", d.count-1)
	}
	c.fault("entry", d.entry, "%s is %d, replaying conversation %d gives %d%s", field, d.got, conversation, d.want, more)
}

func newReplay(kept *core.Conversation) *replay {
	p := &replay{kept: kept, fresh: core.Conversation{ID: kept.ID, AccountID: kept.AccountID, CreatedAt: kept.CreatedAt}}
	p.fresh.Begin()
	p.cursors = []*cursor{
		{
			what: "contact_cursor", of: "agent_seq", end: kept.AgentSeq, at: kept.ContactCursor, entry: kept.ContactReadID,
			seq: func(e *core.Entry) int64 { return e.AgentSeq },
		},
		{
			what: "agent_cursor", of: "contact_seq", end: kept.ContactSeq, at: kept.AgentCursor, entry: kept.AgentReadID,
			seq: func(e *core.Entry) int64 { return e.ContactSeq },
		},
	}
	return p
}

// next takes the entry that follows by position.
func (p *replay) next(e *core.Entry) {
	again := *e
	core.Append(&p.fresh, &again)
	p.position.compare(e.ID, e.Position, again.Position)
	p.agentSeq.compare(e.ID, e.AgentSeq, again.AgentSeq)
	p.contactSeq.compare(e.ID, e.ContactSeq, again.ContactSeq)
	p.newest = p.newest.Later(e.CreatedAt)
	p.primary = p.primary || e.ID == p.kept.PrimaryMessageID
	for _, r := range p.cursors {
		if r.entry == e.ID {
			r.met, r.metSeq = true, r.seq(e)
		}
	}
}

// finish reports what differs once all entries were met.
func (p *replay) finish(c *check) {
	p.position.finish(c, p.kept.ID, "position")
	p.agentSeq.finish(c, p.kept.ID, "agent_seq")
	p.contactSeq.finish(c, p.kept.ID, "contact_seq")
	for _, f := range []struct {
		name      string
		got, want int64
	}{
		{"last_position", p.kept.LastPosition, p.fresh.LastPosition},
		{"message_count", p.kept.MessageCount, p.fresh.MessageCount},
		{"last_message_id", p.kept.LastMessageID, p.fresh.LastMessageID},
		{"last_listed_id", p.kept.LastListedID, p.fresh.LastListedID},
		{"last_message_at", int64(p.kept.LastMessageAt), int64(p.fresh.LastMessageAt)},
		{"agent_seq", p.kept.AgentSeq, p.fresh.AgentSeq},
		{"contact_seq", p.kept.ContactSeq, p.fresh.ContactSeq},
	} {
		if f.got != f.want {
			c.fault("conversation", p.kept.ID, "%s is %d, its entries give %d", f.name, f.got, f.want)
		}
	}
	switch {
	case !p.kept.LastActivityAt.IsSet():
		c.fault("conversation", p.kept.ID, "last_activity_at is not set")
	case p.newest.IsSet() && p.kept.LastActivityAt < p.newest:
		c.fault("conversation", p.kept.ID, "last_activity_at is %d, its newest entry is of %d", p.kept.LastActivityAt, p.newest)
	}
	if p.kept.PrimaryMessageID != 0 && !p.primary {
		c.fault("conversation", p.kept.ID, "primary message %d is not in it", p.kept.PrimaryMessageID)
	}
	for _, r := range p.cursors {
		if problem := r.problem(); problem != "" {
			c.fault("conversation", p.kept.ID, "%s", problem)
		}
	}
}

// problem says what is wrong with the cursor, "" when nothing is. A cursor
// past its end would make the unread count negative.
func (r *cursor) problem() string {
	switch {
	case r.at < 0 || r.at > r.end:
		return fmt.Sprintf("%s is %d, outside 0 to %s %d", r.what, r.at, r.of, r.end)
	case r.entry == 0 && r.at != 0:
		return fmt.Sprintf("%s is %d but names no entry", r.what, r.at)
	case r.entry != 0 && !r.met:
		return fmt.Sprintf("%s names entry %d, which is not in it", r.what, r.entry)
	case r.entry != 0 && r.metSeq != r.at:
		return fmt.Sprintf("%s is %d, the entry %d that it names has %d", r.what, r.at, r.entry, r.metSeq)
	}
	return ""
}
