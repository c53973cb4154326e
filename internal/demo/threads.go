package demo

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// conversations plans every thread: the showcase ones, then random ones up to
// the number wanted.
func (g *generator) conversations() {
	g.showcase()
	for len(g.threads) < ConversationCount {
		c := &g.contacts[g.rnd.IntN(len(g.contacts))]
		if c.id == g.contacts[0].id {
			continue // the showcase visitor has one conversation
		}
		g.random(c)
	}
	slices.SortStableFunc(g.threads, func(a, b thread) int { return cmp.Compare(a.created.UnixMicro(), b.created.UnixMicro()) })
	for i := range g.threads {
		if t := &g.threads[i]; t.id == 0 {
			if g.nextConversation == VisitorThread {
				g.nextConversation++
			}
			t.id = g.nextConversation
			g.nextConversation++
		}
	}
}

// showcase plans the threads that the printed example requests show.
func (g *generator) showcase() {
	visitor, lead := &g.contacts[0], &g.contacts[1]
	at := g.now.Add(-8 * time.Minute)
	g.threads = append(g.threads, thread{
		id: VisitorThread, uuid: "5f0d2c9a-41be-4d7a-8c35-90aa6b1e7f24", inbox: g.inboxes[0], contact: visitor, agent: g.bot,
		status: "open", created: at, unreadContact: 2,
		lines: []line{
			{at: at.Add(-5 * time.Second), from: "greeting", text: "Hi, How can I help you?"},
			{at: at, from: "contact", text: "Hello! I would like to see the invoice of my last order."},
			{at: at.Add(25 * time.Second), from: "bot", text: "<p>Happy to help. Let me find it.</p>"},
			{at: at.Add(6 * time.Minute), from: "bot", text: "<p><span>What is your ID number?</span>&nbsp;</p>"},
		},
	})
	day := g.now.AddDate(0, 0, -3)
	g.threads = append(g.threads,
		thread{
			uuid: "8e7d5b3a-2c19-4f5e-9d08-87e31b409e26", inbox: g.inboxes[0], contact: lead, agent: g.bot, subject: "Order status",
			status: "open", created: day, unreadContact: 1,
			lines: []line{
				{at: day, from: "contact", text: "Has order #12345 been sent yet?"},
				{at: day.Add(time.Minute), from: "bot", text: "It was packed this morning. Shall I look up the carrier?"},
				{at: day.Add(3 * time.Minute), from: "contact", text: "Yes please."},
				{at: day.Add(7 * time.Minute), from: "bot", text: "Order #12345 is on its way and arrives within two or three working days. I sent the tracking link to your e-mail."},
			},
		},
		thread{
			uuid: "3f4a5b6c-7d8e-4f0a-9b2c-3d4e5f6a7b8c", inbox: g.inboxes[1], contact: lead, agent: g.agents[0], subject: "Return",
			status: "open", created: day.Add(-72 * time.Hour), unreadContact: 1, assigned: true, labels: []int64{73},
			lines: []line{
				{at: day.Add(-72 * time.Hour), from: "contact", text: "The kettle arrived with a dent 😕 Can I send it back?", attachment: "image"},
				{at: day.Add(-71 * time.Hour), from: "note", text: "Photo shows damage from transport, approve."},
				{at: day.Add(-71 * time.Hour).Add(time.Minute), from: "agent", text: "Of course, I am sorry about that. The prepaid label is in your e-mail; the refund follows within five working days."},
			},
		})
}

// random plans one thread of a contact from a scenario of its language.
func (g *generator) random(c *person) {
	in := g.inboxOf(c)
	s := c.lang.scenarios[g.rnd.IntN(len(c.lang.scenarios))]
	t := thread{
		uuid: g.uuid(), inbox: in, contact: c, agent: g.agents[g.rnd.IntN(len(g.agents))], subject: s.subject,
		created: g.past(150 * 24 * time.Hour), assigned: g.rnd.IntN(3) > 0,
	}
	if in.channel == "web" && g.rnd.IntN(2) == 0 {
		t.agent = g.bot
		t.assigned = false
	}
	if g.rnd.IntN(4) == 0 {
		t.labels = append(t.labels, 71+int64(g.rnd.IntN(4)))
	}
	fill := strings.NewReplacer(
		"{order}", fmt.Sprintf("HO-%d", 20000+g.rnd.IntN(9999)), "{product}", products[g.rnd.IntN(len(products))],
		"{agent}", strings.Fields(t.agent.name)[0], "{name}", c.name,
	)
	at := t.created
	if in.channel == "web" {
		t.lines = append(t.lines, line{at: at.Add(-5 * time.Second), from: "greeting", text: c.lang.greeting})
	}
	for i, text := range s.turns {
		t.lines = append(t.lines, g.turn(&t, i, at, fill.Replace(text)))
		at = g.later(at)
	}
	t.status = g.status(&t)
	g.threads = append(g.threads, t)
}

// turn is one line said in a scenario: the contact begins.
func (g *generator) turn(t *thread, i int, at time.Time, text string) line {
	l := line{at: at, from: "contact", text: text}
	if i%2 == 1 {
		l.from = "agent"
		if t.agent.id == g.bot.id {
			l.from = "bot"
		}
	}
	if g.rnd.IntN(40) == 0 {
		l.attachment = []string{"image", "file", "audio", "location"}[g.rnd.IntN(4)]
	}
	return l
}

// later is the moment of the next line: seconds to minutes, never past now.
func (g *generator) later(at time.Time) time.Time {
	next := at.Add(time.Duration(20+g.rnd.IntN(900)) * time.Second)
	if limit := g.now.Add(-time.Minute); next.After(limit) {
		return at.Add(time.Second)
	}
	return next
}

func (g *generator) inboxOf(c *person) inbox {
	var fit []inbox
	for _, in := range g.inboxes {
		if c.identities[in.channel] != 0 {
			for range in.weight {
				fit = append(fit, in)
			}
		}
	}
	return fit[g.rnd.IntN(len(fit))]
}

// status lets old threads be resolved and recent ones be anything.
func (g *generator) status(t *thread) string {
	if g.now.Sub(t.created) > 14*24*time.Hour || g.rnd.IntN(3) == 0 {
		return "resolved"
	}
	s := []string{"open", "open", "open", "open", "pending", "snoozed"}[g.rnd.IntN(6)]
	if g.rnd.IntN(2) == 0 {
		t.unreadContact = g.rnd.IntN(3)
	} else {
		t.unreadAgent = g.rnd.IntN(4)
	}
	return s
}

// fill brings the account to its number of messages: threads that are short
// go on, the longest lose their end.
func (g *generator) fill() {
	total := 0
	for _, t := range g.threads {
		for _, l := range t.lines {
			if l.from != "note" {
				total++
			}
		}
	}
	for total < MessageCount {
		t := &g.threads[g.rnd.IntN(len(g.threads))]
		if t.id == VisitorThread || t.status != "resolved" && g.rnd.IntN(2) == 0 {
			continue
		}
		pair := t.contact.lang.followUps[g.rnd.IntN(len(t.contact.lang.followUps))]
		fill := strings.NewReplacer("{product}", products[g.rnd.IntN(len(products))], "{name}", t.contact.name)
		for i, text := range pair {
			if total == MessageCount {
				break
			}
			at := g.later(t.lines[len(t.lines)-1].at)
			t.lines = append(t.lines, g.turn(t, i, at, strings.TrimSpace(fill.Replace(text))))
			total++
		}
	}
	for i := range g.threads {
		g.aside(&g.threads[i])
	}
}

// aside adds notes and activities to some threads.
func (g *generator) aside(t *thread) {
	if t.id == VisitorThread {
		return
	}
	if g.rnd.IntN(6) == 0 {
		i := 1 + g.rnd.IntN(len(t.lines))
		note := line{at: t.lines[i-1].at, from: "note", text: t.contact.lang.notes[g.rnd.IntN(len(t.contact.lang.notes))]}
		t.lines = slices.Insert(t.lines, i, note)
	}
	if t.assigned {
		t.lines = slices.Insert(t.lines, min(2, len(t.lines)), line{at: t.lines[min(2, len(t.lines))-1].at, from: "activity"})
	}
}

// writeThread writes the conversation, its entries and where its readers are.
func (g *generator) writeThread(t *thread) {
	fields := map[string]any{
		"id": t.id, "uuid": t.uuid, "inbox_id": t.inbox.id, "identity_id": t.contact.identities[t.inbox.channel], "status": t.status,
		"subject": t.subject, "created_at": t.created,
	}
	for reader, l := range map[string]*line{
		"contact": t.readUpTo(t.unreadContact, "agent", "bot"), "agent": t.readUpTo(t.unreadAgent, "contact"),
	} {
		fields[reader+"_read_message_id"] = 0 // nothing
		if l != nil {
			fields[reader+"_read_message_id"], fields[reader+"_last_seen_at"] = l.id, l.at
		}
	}
	var labels []string
	for _, id := range t.labels {
		labels = append(labels, map[int64]string{71: "vip", 72: "delivery", 73: "refund", 74: "feedback"}[id])
	}
	if labels != nil {
		fields["labels"] = labels
	}
	if t.assigned {
		fields["assignee_id"], fields["last_assignee_id"] = t.agent.id, t.agent.id
	}
	if t.agent.id == g.bot.id {
		fields["bot_id"] = g.bot.id
	}
	fields["owner_id"] = g.agents[0].id
	if first := t.first("contact"); first != nil {
		fields["primary_message_id"] = first.id
	}
	fields["ext"] = map[string]any{"commbox": g.commbox(t)}
	g.put("conversation", fields)
	for i := range t.lines {
		g.writeLine(t, &t.lines[i], i+1)
	}
}

func (t *thread) first(from string) *line {
	for i := range t.lines {
		if t.lines[i].from == from {
			return &t.lines[i]
		}
	}
	return nil
}

// readUpTo is the newest line that leaves n lines of the given senders unread,
// nil when that is none.
func (t *thread) readUpTo(n int, from ...string) *line {
	for i := len(t.lines) - 1; i >= 0; i-- {
		if n == 0 {
			return &t.lines[i]
		}
		if slices.Contains(from, t.lines[i].from) {
			n--
		}
	}
	return nil
}

// commbox is what only that dialect shows of a conversation.
func (g *generator) commbox(t *thread) map[string]any {
	content := map[string]any{}
	switch t.inbox.channel {
	case "web":
		content["guidRT"] = strings.ReplaceAll(t.uuid, "-", "")
		content["originUrl"] = "https://harbor.example/help"
	case "email":
		content["subject"], content["is_email"] = t.subject, true
	}
	module := map[string]int64{"web": 9, "api": 60, "email": 6, "whatsapp": 13, "sms": 14}[t.inbox.channel]
	return map[string]any{"content": content, "module_id": module, "provider_type": t.inbox.provider, "type": map[bool]int64{true: 5, false: 4}[t.inbox.channel == "email"]}
}

func (g *generator) writeLine(t *thread, l *line, position int) {
	if l.from == "activity" {
		g.put("activity", map[string]any{
			"id": l.id, "conversation_id": t.id, "code": "assignee_changed", "params": map[string]any{"assignee_id": t.agent.id},
			"actor": map[string]any{"type": "agent", "id": t.agent.id}, "position": position, "created_at": l.at,
		})
		return
	}
	fields := map[string]any{"id": l.id, "uuid": g.uuid(), "conversation_id": t.id, "position": position, "content": l.text, "created_at": l.at}
	switch l.from {
	case "contact":
		fields["sender"] = map[string]any{"type": "contact", "id": t.contact.id}
	case "agent":
		fields["sender"] = map[string]any{"type": "agent", "id": t.agent.id}
	case "bot":
		fields["sender"] = map[string]any{"type": "agent", "id": g.bot.id}
	case "note":
		fields["sender"], fields["visibility"] = map[string]any{"type": "agent", "id": g.agents[1].id}, "note"
	case "greeting":
		fields["sender"], fields["origin"] = map[string]any{"type": "agent", "id": g.bot.id}, "template"
		fields["ext"] = map[string]any{"commbox": map[string]any{"type": 11, "content": map[string]any{"messageAlreadyRenderedFromClient": true}}}
	}
	g.put("message", fields)
	if l.attachment != "" {
		g.attachment(l)
	}
}

func (g *generator) attachment(l *line) {
	g.nextAttachment++
	a := map[string]any{"id": g.nextAttachment, "message_id": l.id, "file_type": l.attachment, "created_at": l.at}
	base := fmt.Sprintf("https://files.harbor.example/%d/", g.nextAttachment)
	switch l.attachment {
	case "image":
		a["name"], a["url"], a["mime"], a["size_bytes"], a["width"], a["height"] = "photo.jpg", base+"photo.jpg", "image/jpeg", 184213, 1280, 960
		a["thumbnail_url"] = base + "photo_small.jpg"
	case "audio":
		a["name"], a["url"], a["mime"], a["size_bytes"], a["transcribed_text"] = "voice.ogg", base+"voice.ogg", "audio/ogg", 48211, "Hi, it is me again about the parcel."
	case "location":
		a["latitude"], a["longitude"], a["fallback_title"], a["url"] = 51.5074, -0.1278, "Pick-up point", "https://maps.example/?q=51.5074,-0.1278"
	default:
		a["name"], a["url"], a["mime"], a["size_bytes"] = "invoice.pdf", base+"invoice.pdf", "application/pdf", 73120
	}
	g.put("attachment", a)
}
