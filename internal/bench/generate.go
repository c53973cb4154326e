package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"
)

// The data's fixed points. Ids that requests name run in ranges, so that the
// file of targets stays small.
const (
	accountUUID  = "0be7c4a0-5d1e-4b7a-9c3f-6a1d2e8f4b90"
	websiteInbox = 1
	outletInbox  = 2
	firstAgent   = 1    // and their identities
	firstContact = 1001 // and their identities
	contactUUID  = "c0000000-0000-4000-8000-"
	identityUUID = "d0000000-0000-4000-8000-"
	sourceUUID   = "e0000000-0000-4000-8000-"
	uuidDigits   = 12
)

// What an order is called: every conversation is about one of its own.
const (
	orderPrefix = "SH"
	orderDigits = 7
)

// inboxes are two websites, each with a chat of its own: only api inboxes are
// open to Chatwoot's client API, and the other dialects show them like any other.
// Each has its members, who see no other one.
var inboxes = []inboxRecord{
	{Kind: "inbox", ID: websiteInbox, AccountID: AccountID, Name: "Website", Channel: "api", Identifier: "BenchWebsite", AgentIDs: []int64{1, 2, 3, 4}, CreatedAt: start},
	{Kind: "inbox", ID: outletInbox, AccountID: AccountID, Name: "Outlet", Channel: "api", Identifier: "BenchOutlet", AgentIDs: []int64{5}, CreatedAt: start},
}

// outletOneIn is how many contacts there are to each, the first ones, that came
// to the outlet.
const outletOneIn = 10

// anonymousOneIn is how many contacts there are to each that is known by
// nothing but its visits.
const anonymousOneIn = 5

// period is the time over which the conversations began.
const period = 120 * 24 * time.Hour

// start is the beginning of the period. It is fixed: the same Fill gives the
// same records, whenever.
var start = time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)

// contacts is how many there are.
func (f Fill) contacts() int64 {
	return int64((f.Conversations + f.PerContact - 1) / f.PerContact)
}

// outlet is how many of them, the first, came to the outlet.
func (f Fill) outlet() int64 { return (f.contacts() + outletOneIn - 1) / outletOneIn }

// inboxOf is where the i-th contact came in.
func (f Fill) inboxOf(i int64) int64 {
	if i < f.outlet() {
		return outletInbox
	}
	return websiteInbox
}

// known is how many of them, the first, have a name and an address.
func (f Fill) known() int64 { return f.contacts() - f.contacts()/anonymousOneIn }

// Generate writes the data in the interchange form. The contacts come first.
// Conversations are dealt out to them in turn, so that those of one contact
// lie as far apart as they do where contacts come back after weeks.
func (f Fill) Generate(w io.Writer) error {
	g := &generator{
		Fill: f, out: json.NewEncoder(w),
		rnd: rand.New(rand.NewPCG(f.Seed, 0xbe7c)), //nolint:gosec // the same seed must give the same data
	}
	g.out.SetEscapeHTML(false)
	g.account()
	for i := range f.contacts() {
		g.contact(i)
	}
	for i := range int64(f.Conversations) {
		g.conversation(i)
	}
	return g.err
}

type generator struct {
	Fill
	out *json.Encoder
	rnd *rand.Rand
	err error // the first; nothing is written after it
}

// put writes a record: a struct whose first field is its kind.
func (g *generator) put(record any) {
	if g.err == nil {
		g.err = g.out.Encode(record)
	}
}

// uuid returns a version 4 UUID of the generator's own chance.
func (g *generator) uuid() string {
	hi, lo := g.rnd.Uint64(), g.rnd.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", hi>>32, hi>>16&0xffff, hi&0xfff, lo>>48&0x3fff|0x8000, lo&0xffffffffffff)
}

func numberedUUID(prefix string, id int64) string {
	return fmt.Sprintf("%s%0*d", prefix, uuidDigits, id)
}

type accountRecord struct {
	Kind      string    `json:"kind"`
	ID        int64     `json:"id"`
	UUID      string    `json:"uuid"`
	Name      string    `json:"name"`
	Locale    string    `json:"locale"`
	Timezone  string    `json:"timezone"`
	CreatedAt time.Time `json:"created_at"`
}

type agentRecord struct {
	Kind       string    `json:"kind"`
	ID         int64     `json:"id"`
	UUID       string    `json:"uuid"`
	AccountID  int64     `json:"account_id"`
	Type       string    `json:"type"`
	Name       string    `json:"name"`
	FirstName  string    `json:"first_name"`
	LastName   string    `json:"last_name,omitempty"`
	Email      string    `json:"email,omitempty"`
	IdentityID int64     `json:"identity_id"`
	CreatedAt  time.Time `json:"created_at"`
}

type labelRecord struct {
	Kind      string    `json:"kind"`
	ID        int64     `json:"id"`
	AccountID int64     `json:"account_id"`
	Title     string    `json:"title"`
	Color     string    `json:"color"`
	CreatedAt time.Time `json:"created_at"`
}

type inboxRecord struct {
	Kind       string    `json:"kind"`
	ID         int64     `json:"id"`
	AccountID  int64     `json:"account_id"`
	Name       string    `json:"name"`
	Channel    string    `json:"channel"`
	Identifier string    `json:"identifier"`
	AgentIDs   []int64   `json:"agent_ids"`
	CreatedAt  time.Time `json:"created_at"`
}

// account writes what there is once.
func (g *generator) account() {
	g.put(accountRecord{"account", AccountID, accountUUID, "Bench", "en", "UTC", start})
	for i, name := range agentNames {
		id := firstAgent + int64(i)
		a := agentRecord{
			Kind: "agent", ID: id, UUID: g.uuid(), AccountID: AccountID, Type: "person", IdentityID: id, CreatedAt: start,
			Name: name[0] + " " + name[1], FirstName: name[0], LastName: name[1], Email: strings.ToLower(name[0]) + "@bench.example",
		}
		if id == g.bot() {
			a.Type, a.Email = "bot", ""
		}
		g.put(a)
	}
	for i, title := range labelTitles {
		g.put(labelRecord{"label", int64(i + 1), AccountID, title, "#0369a1", start})
	}
	for i := range inboxes {
		g.put(inboxes[i])
	}
}

// bot is the last of the agents.
func (g *generator) bot() int64 { return firstAgent + int64(len(agentNames)) - 1 }

type contactRecord struct {
	Kind             string         `json:"kind"`
	ID               int64          `json:"id"`
	UUID             string         `json:"uuid"`
	AccountID        int64          `json:"account_id"`
	Name             string         `json:"name,omitempty"`
	FirstName        string         `json:"first_name,omitempty"`
	LastName         string         `json:"last_name,omitempty"`
	Email            string         `json:"email,omitempty"`
	Phone            string         `json:"phone,omitempty"`
	Locale           string         `json:"locale"`
	CustomAttributes map[string]int `json:"custom_attributes,omitempty"`
	CreatedAt        time.Time      `json:"created_at"`
}

type identityRecord struct {
	Kind         string    `json:"kind"`
	ID           int64     `json:"id"`
	UUID         string    `json:"uuid"`
	ContactID    int64     `json:"contact_id"`
	ProviderType int       `json:"provider_type"`
	Address      string    `json:"address"`
	FirstName    string    `json:"first_name,omitempty"`
	LastName     string    `json:"last_name,omitempty"`
	CreatedAt    time.Time `json:"created_at"`
}

type contactInboxRecord struct {
	Kind       string    `json:"kind"`
	ID         int64     `json:"id"`
	IdentityID int64     `json:"identity_id"`
	InboxID    int64     `json:"inbox_id"`
	SourceID   string    `json:"source_id"`
	CreatedAt  time.Time `json:"created_at"`
}

// CommBox's numbers of the kinds of website visitors.
const (
	anonymousProvider = 6
	websiteProvider   = 8
)

// contact writes the i-th contact with its identity on the website.
func (g *generator) contact(i int64) {
	id := firstContact + i
	c := contactRecord{Kind: "contact", ID: id, UUID: numberedUUID(contactUUID, id), AccountID: AccountID, Locale: "en", CreatedAt: start}
	identity := identityRecord{
		Kind: "identity", ID: id, UUID: numberedUUID(identityUUID, id), ContactID: id, ProviderType: anonymousProvider, Address: g.uuid(), CreatedAt: start,
	}
	if i < g.known() {
		c.FirstName, c.LastName = pick(g.rnd, firstNames), pick(g.rnd, lastNames)
		c.Name = c.FirstName + " " + c.LastName
		c.Email, c.Phone = fmt.Sprintf("contact%d@mail.example", id), fmt.Sprintf("+4477%09d", id)
		c.CustomAttributes = map[string]int{"orders": 1 + g.rnd.IntN(9)}
		identity.ProviderType, identity.FirstName, identity.LastName = websiteProvider, c.FirstName, c.LastName
	}
	g.put(c)
	g.put(identity)
	g.put(contactInboxRecord{"contact_inbox", id, id, g.inboxOf(i), numberedUUID(sourceUUID, id), start})
}

type conversationRecord struct {
	Kind                 string         `json:"kind"`
	ID                   int64          `json:"id"`
	UUID                 string         `json:"uuid"`
	InboxID              int64          `json:"inbox_id"`
	IdentityID           int64          `json:"identity_id"`
	ContactInboxID       int64          `json:"contact_inbox_id"`
	Status               string         `json:"status"`
	Subject              string         `json:"subject"`
	Labels               []string       `json:"labels,omitempty"`
	AssigneeID           int64          `json:"assignee_id,omitempty"`
	LastAssigneeID       int64          `json:"last_assignee_id,omitempty"`
	OwnerID              int64          `json:"owner_id"`
	BotID                int64          `json:"bot_id"`
	ContactReadMessageID int64          `json:"contact_read_message_id"`
	AgentReadMessageID   int64          `json:"agent_read_message_id"`
	Ext                  map[string]any `json:"ext"`
	CreatedAt            time.Time      `json:"created_at"`
}

type messageRecord struct {
	Kind           string    `json:"kind"`
	ID             int64     `json:"id"`
	UUID           string    `json:"uuid"`
	ConversationID int64     `json:"conversation_id"`
	Sender         sender    `json:"sender"`
	Content        string    `json:"content"`
	CreatedAt      time.Time `json:"created_at"`
}

type sender struct {
	Type string `json:"type"`
	ID   int64  `json:"id"`
}

// conversation writes the i-th conversation and its messages.
func (g *generator) conversation(i int64) {
	contact := firstContact + i%g.contacts()
	inbox := g.inboxOf(i % g.contacts())
	agent := g.agentOf(inbox)
	created := start.Add(time.Duration(float64(period) / float64(g.Conversations) * float64(i))).Truncate(time.Millisecond)
	uuid := g.uuid()
	c := conversationRecord{
		Kind: "conversation", ID: i + 1, UUID: uuid, InboxID: inbox, IdentityID: contact, ContactInboxID: contact,
		Status: pick(g.rnd, statuses), Subject: pick(g.rnd, subjects), OwnerID: firstAgent, BotID: g.bot(), CreatedAt: created,
		Ext: map[string]any{"commbox": map[string]any{
			"content": map[string]any{"guidRT": strings.ReplaceAll(uuid, "-", ""), "originUrl": "https://shop.example/help"},
			"type":    4, "module_id": 9,
		}},
	}
	if g.rnd.IntN(4) == 0 {
		c.Labels = []string{pick(g.rnd, labelTitles)}
	}
	if agent != g.bot() {
		c.AssigneeID, c.LastAssigneeID = agent, agent
	}
	messages := g.messages(&c, agent)
	if c.Status == "resolved" {
		c.ContactReadMessageID, c.AgentReadMessageID = messages[len(messages)-1].ID, messages[len(messages)-1].ID
	} else {
		c.ContactReadMessageID = readUpTo(messages, "agent", g.rnd.IntN(4))
		c.AgentReadMessageID = readUpTo(messages, "contact", g.rnd.IntN(4))
	}
	g.put(c)
	for k := range messages {
		g.put(messages[k])
	}
}

// agentOf chooses who answers in an inbox: one of its members, or the bot.
func (g *generator) agentOf(inbox int64) int64 {
	members := inboxes[inbox-1].AgentIDs
	if n := g.rnd.IntN(len(members) + 1); n < len(members) {
		return members[n]
	}
	return g.bot()
}

// messages says the lines of a conversation: contact and agent mostly in turn.
func (g *generator) messages(c *conversationRecord, agent int64) []messageRecord {
	lines := make([]messageRecord, g.Messages)
	at, by := c.CreatedAt, "contact"
	about := fmt.Sprintf("It is about order %s%0*d.", orderPrefix, orderDigits, c.ID)
	for k := range lines {
		if k > 0 {
			at = at.Add(time.Duration(5_000+g.rnd.IntN(120_000)) * time.Millisecond)
			if g.rnd.IntN(6) > 0 {
				by = map[string]string{"contact": "agent", "agent": "contact"}[by]
			}
		}
		m := messageRecord{
			Kind: "message", ID: (c.ID-1)*int64(g.Messages) + int64(k) + 1, UUID: g.uuid(), ConversationID: c.ID,
			Sender: sender{by, c.IdentityID}, CreatedAt: at,
		}
		if by == "agent" {
			m.Sender.ID, m.Content = agent, agentText(g.rnd)
		} else {
			m.Content = contactText(g.rnd, about)
		}
		about = ""
		lines[k] = m
	}
	return lines
}

// readUpTo is the newest message that leaves the last n of a side unread, 0
// when that is none.
func readUpTo(lines []messageRecord, side string, n int) int64 {
	for i := len(lines) - 1; i >= 0; i-- {
		if n == 0 {
			return lines[i].ID
		}
		if lines[i].Sender.Type == side {
			n--
		}
	}
	return 0
}
