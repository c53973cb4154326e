package demo

import (
	"bufio"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"parley/internal/core"
)

// Sizes of the demo account.
const (
	ContactCount      = 200
	ConversationCount = 1000
	MessageCount      = 8000
)

// The things that the printed example requests name. The ids are those that
// the dialects' published documents use in their own examples.
const (
	AccountID     = 1
	AccountUUID   = "9be0a6a2-5567-41bf-ad06-cb4014f0faf2"
	WebInboxID    = 19155
	APIInboxID    = 19156
	APIIdentifier = "HarborAppInbox2026demo24"
	VisitorID     = 558355 // the showcase visitor's identity
	VisitorThread = 396001 // and conversation
	LeadUUID      = "f41bb290-0404-44d7-a969-b21a7ec65b77"
	AppSourceID   = "b3b1f0aa-6d0e-4c9c-9a53-2f4f6b0c7d11"
)

// generator makes one account. All its chance comes from one seeded source.
type generator struct {
	rnd *rand.Rand
	now time.Time
	w   *bufio.Writer
	err error

	nextPerson, nextIdentity, nextConversation, nextAttachment int64

	agents   []agent
	bot      agent
	inboxes  []inbox
	contacts []person
	threads  []thread
}

type agent struct {
	id   int64
	uuid string
	name string
}

type inbox struct {
	id       int64
	channel  string
	name     string
	provider int64 // CommBox provider type of its conversations
	weight   int
}

// person is a contact with one identity per kind of address.
type person struct {
	id         int64
	lang       *language
	name       string
	known      bool
	identities map[string]int64 // by channel
}

// thread is a conversation before it is written.
type thread struct {
	id      int64
	uuid    string
	inbox   inbox
	contact *person
	agent   agent
	subject string
	status  string
	created time.Time
	lines   []line
	// unreadContact and unreadAgent are how many of the newest lines of the
	// other side are left unread.
	unreadContact, unreadAgent int
	labels                     []int64
	assigned                   bool
}

// line is one entry to come.
type line struct {
	id         int64
	at         time.Time
	from       string // contact, agent, bot, note, activity, greeting
	text       string
	attachment string // file type, "" = none
}

// Generate writes the demo account in the interchange form. The same seed and
// present give the same bytes.
func Generate(w io.Writer, seed uint64, now core.Time) error {
	g := &generator{
		rnd: rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15)), //nolint:gosec // a demo must be repeatable
		now: now.Std().Truncate(time.Second), w: bufio.NewWriter(w),
		nextPerson: 545400, nextIdentity: 558200, nextConversation: 395000, nextAttachment: 8800,
	}
	g.account()
	g.people()
	g.customers()
	g.conversations()
	g.fill()
	g.number()
	for i := range g.threads {
		g.writeThread(&g.threads[i])
	}
	if g.err != nil {
		return g.err
	}
	return g.w.Flush()
}

// put writes one record, its kind first.
func (g *generator) put(kind string, fields map[string]any) {
	if g.err != nil {
		return
	}
	body, err := json.Marshal(fields)
	if err != nil {
		g.err = fmt.Errorf("demo %s: %w", kind, err)
		return
	}
	_, g.err = fmt.Fprintf(g.w, "{\"kind\":%q,%s\n", kind, body[1:])
}

// uuid returns a version 4 UUID of the generator's own chance.
func (g *generator) uuid() string {
	var b [16]byte
	for i := range b {
		b[i] = byte(g.rnd.UintN(256))
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func (g *generator) account() {
	start := g.now.AddDate(0, -8, 0)
	g.put("account", map[string]any{
		"id": AccountID, "uuid": AccountUUID, "name": "Harbor Outfitters", "locale": "en", "timezone": "Europe/London", "created_at": start,
	})
	for i, l := range []struct{ title, color string }{{"vip", "#b45309"}, {"delivery", "#0369a1"}, {"refund", "#be123c"}, {"feedback", "#15803d"}} {
		g.put("label", map[string]any{"id": 71 + i, "account_id": AccountID, "title": l.title, "color": l.color, "type": 1})
	}
	g.inboxes = []inbox{
		{WebInboxID, "web", "Website chat", 0, 40},
		{APIInboxID, "api", "Mobile app", 0, 20},
		{19157, "email", "hello@harbor.example", 4, 20},
		{19158, "whatsapp", "WhatsApp", 7, 14},
		{19159, "sms", "Text messages", 5, 6},
	}
	for _, in := range g.inboxes {
		fields := map[string]any{"id": in.id, "account_id": AccountID, "name": in.name, "channel": in.channel, "timezone": "Europe/London", "created_at": start}
		if in.id == APIInboxID {
			fields["identifier"] = APIIdentifier
		}
		if in.channel == "web" {
			fields["greeting"] = english.greeting
		}
		g.put("inbox", fields)
	}
	for _, c := range [][2]string{
		{"hours", "We are here on weekdays from 9:00 to 17:00."},
		{"return", "<p>Returns are free within <b>45 days</b>. The label is in your inbox.</p>"},
	} {
		g.put("canned_response", map[string]any{"id": 30 + len(c[0]), "account_id": AccountID, "short_code": c[0], "content": c[1]})
	}
	g.put("attribute_definition", map[string]any{
		"id": 41, "account_id": AccountID, "applies_to": "contact", "key": "orders", "name": "Orders", "type": "number", "created_at": start,
	})
}

// people writes the agents and the bot.
func (g *generator) people() {
	start := g.now.AddDate(0, -8, 0)
	put := func(a agent, first, last, kind, email string) {
		identity := g.nextIdentity
		g.nextIdentity++
		fields := map[string]any{
			"id": a.id, "uuid": a.uuid, "account_id": AccountID, "type": kind, "name": a.name, "first_name": first, "last_name": last,
			"role": "agent", "identity_id": identity, "availability": "online", "created_at": start,
		}
		if email != "" {
			fields["email"], fields["provider_type"], fields["address"] = email, 4, email
		}
		g.put("agent", fields)
	}
	for _, n := range [][2]string{{"Dana", "Whitcombe"}, {"Samir", "Halabi"}, {"Rosa", "Delgado"}, {"Tom", "Ekström"}, {"Yael", "Carmi"}} {
		a := agent{g.nextPerson, g.uuid(), n[0] + " " + n[1]}
		g.nextPerson++
		g.agents = append(g.agents, a)
		put(a, n[0], n[1], "person", strings.ToLower(n[0])+"@harbor.example")
	}
	g.bot = agent{g.nextPerson, g.uuid(), "AI Agent"}
	g.nextPerson++
	put(g.bot, "AI Agent", "", "bot", "")
}

// customers writes the contacts, the showcase ones first.
func (g *generator) customers() {
	g.visitor()
	g.contact(&english, "Eddie", "Novak", LeadUUID, []string{"web", "email", "api"})
	for len(g.contacts) < ContactCount {
		lang := &languages[0]
		if i := g.rnd.IntN(14); i > 6 {
			lang = &languages[1+i%(len(languages)-1)]
		}
		if g.rnd.IntN(5) == 0 {
			g.anonymous(lang)
			continue
		}
		name := lang.names[g.rnd.IntN(len(lang.names))]
		channels := []string{"email"}
		for _, in := range g.inboxes {
			if in.channel != "email" && g.rnd.IntN(3) == 0 {
				channels = append(channels, in.channel)
			}
		}
		g.contact(lang, name[0], name[1], g.uuid(), channels)
	}
}

// visitor writes the showcase visitor: somebody on the website, unknown so far.
func (g *generator) visitor() {
	p := person{id: 545516, lang: &english, identities: map[string]int64{"web": VisitorID}}
	g.put("contact", map[string]any{"id": p.id, "uuid": g.uuid(), "account_id": AccountID, "created_at": g.now.Add(-20 * time.Minute)})
	g.put("identity", map[string]any{
		"id": VisitorID, "uuid": "0b8a1c52-7d3e-4f60-9a41-c2d5e6f70813", "contact_id": p.id, "provider_type": core.AnonymousProvider,
		"address": "d7655a64-ac14-4aa1-8907-1e26402ac6da", "created_at": g.now.Add(-20 * time.Minute),
	})
	g.contacts = append(g.contacts, p)
}

func (g *generator) anonymous(lang *language) {
	p := person{id: g.person(), lang: lang, identities: map[string]int64{}}
	created := g.past(120 * 24 * time.Hour)
	g.put("contact", map[string]any{"id": p.id, "uuid": g.uuid(), "account_id": AccountID, "locale": lang.locale, "created_at": created})
	p.identities["web"] = g.identity(p.id, core.AnonymousProvider, g.uuid(), "", "", created)
	g.contacts = append(g.contacts, p)
}

// person takes an id of the space that agents and contacts share, leaving out
// the one of the showcase visitor.
func (g *generator) person() int64 {
	if g.nextPerson == 545516 {
		g.nextPerson++
	}
	g.nextPerson++
	return g.nextPerson - 1
}

func (g *generator) identity(contact, provider int64, address, first, last string, created time.Time) int64 {
	if g.nextIdentity == VisitorID {
		g.nextIdentity++
	}
	id := g.nextIdentity
	g.nextIdentity++
	g.put("identity", map[string]any{
		"id": id, "uuid": g.uuid(), "contact_id": contact, "provider_type": provider, "address": address,
		"first_name": first, "last_name": last, "created_at": created,
	})
	return id
}

// contact writes a known contact with an identity for each channel.
func (g *generator) contact(lang *language, first, last, uuid string, channels []string) {
	p := person{id: g.person(), lang: lang, name: first, known: true, identities: map[string]int64{}}
	created := g.past(200 * 24 * time.Hour)
	phone := fmt.Sprintf("44770090%04d", len(g.contacts))
	email := fmt.Sprintf("customer%03d@mail.example", len(g.contacts))
	fields := map[string]any{
		"id": p.id, "uuid": uuid, "account_id": AccountID, "name": first + " " + last, "first_name": first, "last_name": last,
		"email": email, "phone": "+" + phone, "identifier": fmt.Sprintf("HO-%05d", 10000+len(g.contacts)), "contact_type": "customer",
		"locale": lang.locale, "custom_attributes": map[string]any{"orders": 1 + g.rnd.IntN(9)}, "created_at": created,
	}
	if g.rnd.IntN(8) == 0 {
		fields["labels"] = []string{"vip"}
	}
	g.put("contact", fields)
	for _, ch := range channels {
		switch ch {
		case "web":
			p.identities[ch] = g.identity(p.id, 8, g.uuid(), first, last, created)
		case "api":
			p.identities[ch] = g.identity(p.id, 0, "app-"+g.uuid(), first, last, created)
			if uuid == LeadUUID {
				g.put("contact_inbox", map[string]any{"id": 4001, "identity_id": p.identities[ch], "inbox_id": APIInboxID, "source_id": AppSourceID, "created_at": created})
			}
		case "email":
			p.identities[ch] = g.identity(p.id, 4, email, first, last, created)
		case "whatsapp":
			p.identities[ch] = g.identity(p.id, 7, phone, first, last, created)
		case "sms":
			p.identities[ch] = g.identity(p.id, 5, phone, first, last, created)
		}
	}
	g.contacts = append(g.contacts, p)
}

// past returns a moment within the span before now, the recent ones likelier.
func (g *generator) past(span time.Duration) time.Time {
	f := g.rnd.Float64()
	return g.now.Add(-time.Duration(f * f * float64(span))).Truncate(time.Second)
}

// number gives entries their ids in the order of time over the whole account,
// as a live system would have.
func (g *generator) number() {
	var all []*line
	for i := range g.threads {
		for j := range g.threads[i].lines {
			all = append(all, &g.threads[i].lines[j])
		}
	}
	slices.SortStableFunc(all, func(a, b *line) int { return cmp.Compare(a.at.UnixMicro(), b.at.UnixMicro()) })
	for i, l := range all {
		l.id = 1462000 + int64(i)
	}
}
