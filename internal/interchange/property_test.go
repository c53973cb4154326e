package interchange

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"parley/internal/core"
	"parley/internal/service/integrity"
	"parley/internal/store"
	"parley/internal/store/postgres"
	"parley/internal/store/sqlite"
	"parley/internal/testkit"
	"parley/internal/testkit/migrated"
)

// randomFile draws the records of some accounts: every kind and every key,
// cursors of every sort, conversations whose messages come mixed.
type randomFile struct {
	t       *rapid.T
	records []record
	ids     map[store.IDSpace]int64
	threads []*randomThread

	account    int64
	agents     []core.Agent
	contacts   []int64
	identities map[int64][]int64 // by contact
	inboxes    []core.Inbox
	subInboxes map[int64][]int64 // by inbox
	teams      []int64
	labels     []string
}

// randomThread is what the oracle needs of a conversation.
type randomThread struct {
	record  *conversationRecord
	account int64
	contact int64
	entries []core.Entry // with ids, senders, times; in their order
	readers map[int64]int64
}

func (f *randomFile) id(space store.IDSpace) int64 {
	f.ids[space] += rapid.Int64Range(1, 3).Draw(f.t, "gap")
	return f.ids[space]
}

func (f *randomFile) add(r record) { f.records = append(f.records, r) }

func (f *randomFile) n(name string, from, to int) int {
	return rapid.IntRange(from, to).Draw(f.t, name)
}

func (f *randomFile) flip(name string) bool { return rapid.Bool().Draw(f.t, name) }

// maybe forgets a time that the file need not give.
func (f *randomFile) maybe(times ...*instant) {
	for _, i := range times {
		if f.flip("absent") {
			*i = instant{}
		}
	}
}

func drawFile(t *rapid.T) *randomFile {
	f := &randomFile{t: t, ids: map[store.IDSpace]int64{}}
	for range f.n("accounts", 1, 2) {
		f.drawAccount()
		f.drawLists()
		f.drawInboxes()
		f.drawPeople()
		f.drawThreads()
	}
	return f
}

func (f *randomFile) drawAccount() {
	a := drawAny[core.Account](f.t)
	a.ID = f.id(store.AccountIDs)
	a.UUID = fmt.Sprintf("%s%04x", a.UUID[:32], a.ID)
	f.account, f.agents, f.contacts, f.inboxes, f.teams, f.labels = a.ID, nil, nil, nil, nil, nil
	f.identities, f.subInboxes = map[int64][]int64{}, map[int64][]int64{}
	r := accountOf(&a)
	f.maybe(&r.CreatedAt, &r.UpdatedAt)
	f.add(r)
	var profiles []int64
	for i := range f.n("profiles", 0, 2) {
		v := drawAny[core.Profile](f.t)
		v.ID, v.AccountID, v.UniqueName = f.id(store.ProfileIDs), f.account, fmt.Sprintf("%s%d", v.UniqueName, i)
		profiles = append(profiles, v.ID)
		f.add(profileOf(&v))
	}
	for range f.n("agents", 0, 3) {
		a := drawAny[core.Agent](f.t)
		a.ID, a.AccountID, a.IdentityID = f.id(store.PersonIDs), f.account, f.id(store.IdentityIDs)
		a.UUID = fmt.Sprintf("%s%04x", a.UUID[:32], a.ID)
		if a.Email != "" {
			a.Email = fmt.Sprintf("%d%s", a.ID, a.Email)
		}
		if a.UserName != "" {
			a.UserName = fmt.Sprintf("%s%d", a.UserName, a.ID)
		}
		a.ProfileIDs = nil
		for _, id := range profiles {
			if f.flip("has the profile") {
				a.ProfileIDs = append(a.ProfileIDs, id)
			}
		}
		f.agents = append(f.agents, a)
		r := agentOf(&a, true)
		f.maybe(&r.CreatedAt, &r.UpdatedAt)
		f.add(r)
	}
}

// someAgents returns any of the account's agents.
func (f *randomFile) someAgents(what string) []int64 {
	var ids []int64
	for _, a := range f.agents {
		if f.flip(what) {
			ids = append(ids, a.ID)
		}
	}
	return ids
}

func (f *randomFile) agent() int64 {
	if len(f.agents) == 0 || f.flip("nobody") {
		return 0
	}
	return f.agents[f.n("agent", 0, len(f.agents)-1)].ID
}

func (f *randomFile) drawLists() {
	for i := range f.n("tokens", 0, 2) {
		v := drawAny[core.Token](f.t)
		v.ID, v.AccountID, v.AgentID = f.id(store.TokenIDs), f.account, f.agent()
		v.Name, v.Hash = fmt.Sprintf("%s%d", v.Name, i), fmt.Sprintf("%064x", v.ID)
		f.add(tokenOf(&v))
	}
	for i := range f.n("teams", 0, 2) {
		v := drawAny[core.Team](f.t)
		v.ID, v.AccountID, v.AgentIDs = f.id(store.TeamIDs), f.account, f.someAgents("member")
		v.Name = fmt.Sprintf("%s%d", v.Name, i)
		f.teams = append(f.teams, v.ID)
		f.add(teamOf(&v))
	}
	group := int64(0)
	for i := range f.n("groups", 0, 1) {
		v := drawAny[core.LabelGroup](f.t)
		v.ID, v.AccountID, v.Name = f.id(store.LabelGroupIDs), f.account, fmt.Sprintf("%s%d", v.Name, i)
		group = v.ID
		f.add(labelGroupOf(&v))
	}
	for i := range f.n("labels", 0, 3) {
		v := drawAny[core.Label](f.t)
		v.ID, v.AccountID, v.GroupID = f.id(store.LabelIDs), f.account, group
		v.Title = fmt.Sprintf("%s%d", v.Title, i)
		f.labels = append(f.labels, v.Title)
		f.add(labelOf(&v))
	}
	for i := range f.n("canned responses", 0, 1) {
		v := drawAny[core.CannedResponse](f.t)
		v.ID, v.AccountID, v.ShortCode = f.id(store.CannedResponseIDs), f.account, fmt.Sprintf("%s%d", v.ShortCode, i)
		f.add(cannedResponseOf(&v))
	}
	for i := range f.n("attribute definitions", 0, 2) {
		v := drawAny[core.AttributeDefinition](f.t)
		v.ID, v.AccountID, v.Key = f.id(store.AttributeDefinitionIDs), f.account, fmt.Sprint("key-", i)
		v.Name, v.Pattern, v.Options = "n"+v.Name, "", nil
		if v.PatternHint = ""; v.Type == core.AttributeText {
			v.Pattern, v.PatternHint = "^[a-z]+$", "letters"
		}
		if v.Type == core.AttributeList {
			v.Options = []string{"é", "b\n\"c\""}
		}
		f.add(attributeDefinitionOf(&v))
	}
	for i := range f.n("webhooks", 0, 1) {
		v := drawAny[core.Webhook](f.t)
		v.ID, v.AccountID, v.URL = f.id(store.WebhookIDs), f.account, fmt.Sprintf("%s%d", v.URL, i)
		f.add(webhookOf(&v, true))
	}
}

func (f *randomFile) someLabels() []labelRef {
	var refs []labelRef
	for _, title := range f.labels {
		if f.flip("labelled") {
			refs = append(refs, labelRef{title: title})
		}
	}
	return refs
}

func (f *randomFile) drawInboxes() {
	for i := range f.n("inboxes", 1, 2) {
		v := drawAny[core.Inbox](f.t)
		v.ID, v.AccountID = f.id(store.InboxIDs), f.account
		v.UUID = fmt.Sprintf("%s%04x", v.UUID[:32], v.ID)
		v.Name, v.Identifier = fmt.Sprintf("%s%d", v.Name, i), fmt.Sprintf("inbox-%d", v.ID)
		f.inboxes = append(f.inboxes, v)
		r := inboxOf(&v, true)
		r.AgentIDs = slices.Sorted(slices.Values(f.someAgents("inbox member")))
		f.maybe(&r.CreatedAt, &r.UpdatedAt)
		f.add(r)
		for j := range f.n("sub-inboxes", 0, 2) {
			s := drawAny[core.SubInbox](f.t)
			s.ID, s.InboxID, s.Name = f.id(store.SubInboxIDs), v.ID, fmt.Sprintf("%s%d", s.Name, j)
			f.subInboxes[v.ID] = append(f.subInboxes[v.ID], s.ID)
			f.add(subInboxOf(&s))
		}
	}
}

func (f *randomFile) drawPeople() {
	for range f.n("contacts", 1, 3) {
		v := drawAny[core.Contact](f.t)
		v.ID, v.AccountID = f.id(store.PersonIDs), f.account
		v.UUID = fmt.Sprintf("%s%04x", v.UUID[:32], v.ID)
		for _, key := range []*string{&v.Email, &v.Phone, &v.Identifier} {
			if *key != "" {
				*key = strings.ToLower(fmt.Sprintf("%d%s", v.ID, *key))
			}
		}
		f.contacts = append(f.contacts, v.ID)
		r := contactOf(&v, f.someLabels())
		f.maybe(&r.CreatedAt, &r.UpdatedAt, &r.LastActivityAt)
		f.add(r)
		for range f.n("identities", 1, 2) {
			i := drawAny[core.Identity](f.t)
			i.ID, i.ContactID = f.id(store.IdentityIDs), v.ID
			i.UUID, i.Address = fmt.Sprintf("%s%04x", i.UUID[:32], i.ID), fmt.Sprintf("%s%d", i.Address, i.ID)
			f.identities[v.ID] = append(f.identities[v.ID], i.ID)
			f.add(identityOf(&i))
		}
	}
}

func (f *randomFile) drawThreads() {
	byDisplay := f.flip("display ids")
	var threads []*randomThread
	for range f.n("conversations", 0, 3) {
		threads = append(threads, f.drawThread(byDisplay))
	}
	f.threads = append(f.threads, threads...)
	// The ids of what is said are drawn first, so that the conversations can
	// name them; then the lines are mixed.
	var queues [][]record
	for _, th := range threads {
		queue := f.say(th)
		f.point(th)
		f.add(th.record)
		queues = append(queues, append(f.readersOf(th), queue...))
	}
	for len(queues) > 0 {
		i := f.n("queue", 0, len(queues)-1)
		if len(queues[i]) == 0 {
			queues = append(queues[:i], queues[i+1:]...)
			continue
		}
		f.add(queues[i][0])
		queues[i] = queues[i][1:]
	}
}

func (f *randomFile) drawThread(byDisplay bool) *randomThread {
	c := drawAny[core.Conversation](f.t)
	c.ID = f.id(store.ConversationIDs)
	c.UUID = fmt.Sprintf("%s%04x", c.UUID[:32], c.ID)
	if c.DisplayID = 0; byDisplay {
		c.DisplayID = c.ID
	}
	inbox := f.inboxes[f.n("inbox", 0, len(f.inboxes)-1)]
	contact := f.contacts[f.n("contact", 0, len(f.contacts)-1)]
	c.InboxID, c.SubInboxID, c.ContactInboxID = inbox.ID, 0, 0
	c.IdentityID = f.identities[contact][f.n("identity", 0, len(f.identities[contact])-1)]
	if subs := f.subInboxes[inbox.ID]; len(subs) > 0 && f.flip("in a sub-inbox") {
		c.SubInboxID = subs[0]
	}
	if f.flip("contact inbox") {
		ci := drawAny[core.ContactInbox](f.t)
		ci.ID, ci.IdentityID, ci.InboxID = f.id(store.ContactInboxIDs), c.IdentityID, inbox.ID
		ci.SourceID = fmt.Sprintf("%s%d", ci.SourceID, ci.ID)
		c.ContactInboxID = ci.ID
		f.add(contactInboxOf(&ci, true))
	}
	if c.TeamID = 0; len(f.teams) > 0 {
		c.TeamID = f.teams[0]
	}
	c.ParticipantIDs = f.someAgents("participant")
	c.AssigneeID, c.LastAssigneeID, c.AssigneeBotID, c.OwnerID, c.BotID = f.agent(), f.agent(), f.agent(), f.agent(), f.agent()
	r := conversationOf(&c, f.someLabels())
	f.maybe(&r.ContactLastSeenAt, &r.AgentLastSeenAt, &r.FirstResponseAt, &r.LastResponseAt, &r.ClosedAt, &r.WaitingSince, &r.CreatedAt, &r.CustomerUpdatedAt, &r.UpdatedAt)
	if first, last := &r.FirstResponseAt, &r.LastResponseAt; first.at > last.at && last.at != 0 {
		*first, *last = *last, *first
	}
	return &randomThread{record: r, account: f.account, contact: contact}
}

// say draws the entries of a conversation.
func (f *randomFile) say(th *randomThread) []record {
	var queue []record
	byPosition := f.flip("positions")
	at := core.Time(1_704_067_200_000_000)
	for i := range f.n("entries", 0, 6) {
		e := drawAny[core.Entry](f.t)
		e.ID, e.ConversationID = f.id(store.EntryIDs), th.record.ID
		e.UUID = fmt.Sprintf("%s%04x", e.UUID[:32], e.ID)
		e.Kind = rapid.SampledFrom([]core.EntryKind{core.Message, core.Message, core.Message, core.Note, core.Activity}).Draw(f.t, "kind")
		if e.ExternalID != "" {
			e.ExternalID = fmt.Sprintf("%s%d", e.ExternalID, e.ID)
		}
		e.Sender = f.sender(th)
		if at += core.Time(f.n("pause", 0, 2)) * 1_000_000; byPosition {
			e.Position = int64(i + 1)
			e.CreatedAt = max(1, drawTime(f.t, "created"))
		} else {
			e.Position, e.CreatedAt = 0, at
		}
		th.entries = append(th.entries, e)
		queue = append(queue, entryOf(&e))
		if e.Kind != core.Activity {
			for range f.n("attachments", 0, 1) {
				a := drawAny[core.Attachment](f.t)
				a.ID, a.MessageID = f.id(store.AttachmentIDs), e.ID
				queue = append(queue, attachmentOf(&a))
			}
		}
	}
	return queue
}

func (f *randomFile) sender(th *randomThread) core.Actor {
	switch rapid.SampledFrom([]core.ActorType{core.ActorContact, core.ActorAgent, core.ActorSystem}).Draw(f.t, "sender") {
	case core.ActorContact:
		a := core.Actor{Type: core.ActorContact, ID: th.contact}
		if f.flip("another contact") {
			a.ID = f.contacts[0]
		}
		if f.flip("identity") {
			a.IdentityID = f.identities[a.ID][0]
		}
		return a
	case core.ActorAgent:
		return core.Actor{Type: core.ActorAgent, ID: f.agent()}
	case core.ActorSystem:
	}
	return core.Actor{Type: core.ActorSystem}
}

// point lets the conversation name some of its entries.
func (f *randomFile) point(th *randomThread) {
	some := func(name string) int64 {
		if len(th.entries) == 0 || f.flip(name+" nothing") {
			return 0
		}
		return th.entries[f.n(name, 0, len(th.entries)-1)].ID
	}
	r := th.record
	r.PrimaryMessageID, r.ContactReadMessageID, r.AgentReadMessageID = nil, nil, nil
	if f.flip("primary") {
		id := some("primary message")
		r.PrimaryMessageID = &id
	}
	if f.flip("contact read") {
		id := some("contact read up to")
		r.ContactReadMessageID = &id
	}
	if f.flip("agents read") {
		id := some("agents read up to")
		r.AgentReadMessageID = &id
	}
	th.readers = map[int64]int64{}
	for _, a := range f.agents {
		if f.flip("own cursor") {
			th.readers[a.ID] = some("own cursor at")
		}
	}
}

func (f *randomFile) readersOf(th *randomThread) []record {
	var list []record
	for _, agent := range sortedKeys(th.readers) {
		list = append(list, &readCursorRecord{ConversationID: th.record.ID, AgentID: agent, MessageID: th.readers[agent]})
	}
	return list
}

// text writes the file with odd spaces between its tokens.
func (f *randomFile) text() string {
	var b bytes.Buffer
	odd := f.flip("odd spaces")
	for _, r := range f.records {
		line := appendRecord(nil, r)
		quoted, escaped := false, false
		for i, c := range line {
			b.WriteByte(c)
			if c == '"' && !escaped {
				quoted = !quoted
			}
			escaped = c == '\\' && !escaped
			if odd && !quoted && (c == ',' || c == ':') {
				b.WriteString([]string{"", " ", "\t "}[i%3])
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// TestNothingIsLost moves random accounts from one engine to the other and
// back, and compares every byte.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := 0
	openFile := func() store.Store {
		n++
		st, err := sqlite.OpenStore(t.Context(), sqlite.Options{Path: filepath.Join(dir, fmt.Sprint(n))})
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
	runs, most := 0, 15
	if testkit.Small() {
		most = 3
	}
	failing := false
	rapid.Check(t, func(rt *rapid.T) {
		// Each run makes a database: a few are enough, save for finding the
		// smallest file that fails.
		if runs++; runs > most && !failing {
			return
		}
		failing = true
		defer func() { failing = rt.Failed() }()
		f := drawFile(rt)
		text := f.text()
		lite, back := openFile(), openFile()
		defer closeStores(rt, lite, back)
		pg, err := postgres.OpenStore(t.Context(), postgres.Options{URL: migrated.Postgres(t)})
		if err != nil {
			rt.Fatal(err)
		}
		defer closeStores(rt, pg)

		importInto(t, rt, lite, text, f.n("batch", 3, 40))
		first := exportFrom(t, rt, lite)
		importInto(t, rt, pg, first, f.n("batch", 3, 40))
		second := exportFrom(t, rt, pg)
		sameText(rt, "SQLite to PostgreSQL", second, first)
		importInto(t, rt, back, second, f.n("batch", 3, 40))
		sameText(rt, "and back", exportFrom(t, rt, back), first)
		importInto(t, rt, lite, first, 7)
		importInto(t, rt, pg, second, 7)
		sameText(rt, "the second time", exportFrom(t, rt, lite), first)
		sameText(rt, "the second time", exportFrom(t, rt, pg), first)
		// What the export forgot would be forgotten in all of them.
		for _, st := range []store.Store{lite, pg, back} {
			f.checkCursors(t, rt, st)
			if _, err := integrity.Check(t.Context(), st, func(fault integrity.Fault) { rt.Errorf("doctor: %s", fault) }); err != nil {
				rt.Fatal(err)
			}
		}
	})
}

func closeStores(rt *rapid.T, stores ...store.Store) {
	for _, st := range stores {
		if err := st.Close(); err != nil {
			rt.Errorf("close: %v", err)
		}
	}
}

func importInto(t *testing.T, rt *rapid.T, st store.Store, text string, batch int) {
	opts := testOptions()
	opts.BatchRecords = batch
	if _, err := Import(t.Context(), st, strings.NewReader(text), opts); err != nil {
		rt.Fatalf("import: %v\n%s", err, text)
	}
}

func exportFrom(t *testing.T, rt *rapid.T, st store.Store) string {
	var out bytes.Buffer
	if err := Export(t.Context(), st, &out, ExportOptions{WithSecrets: true}); err != nil {
		rt.Fatalf("export: %v", err)
	}
	return out.String()
}

func sameText(rt *rapid.T, what, got, want string) {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			rt.Fatalf("%s: line %d\n got %s\nwant %s", what, i+1, g[i], w[i])
		}
	}
	if len(g) != len(w) {
		rt.Fatalf("%s: %d lines, want %d", what, len(g), len(w))
	}
}

// checkCursors compares unread counts with what the file says, counted anew.
func (f *randomFile) checkCursors(t *testing.T, rt *rapid.T, st store.Store) {
	for _, th := range f.threads {
		c, err := st.Conversation(t.Context(), th.account, th.record.ID)
		if err != nil {
			rt.Fatal(err)
		}
		contact := th.expected(core.ContactSide, th.record.ContactReadMessageID, th.record.ContactLastSeenAt.at)
		agents := th.expected(core.AgentSide, th.record.AgentReadMessageID, th.record.AgentLastSeenAt.at)
		if c.ContactUnread() != contact || c.AgentUnread() != agents {
			rt.Errorf("conversation %d: unread %d, %d, want %d, %d", c.ID, c.ContactUnread(), c.AgentUnread(), contact, agents)
		}
		if want := th.primary(); c.PrimaryMessageID != want {
			rt.Errorf("conversation %d: the primary message is %d, want %d", c.ID, c.PrimaryMessageID, want)
		}
		for agent, upTo := range th.readers {
			own, ok, err := st.FindReadCursor(t.Context(), th.account, c.ID, agent)
			if err != nil || !ok {
				rt.Fatalf("own cursor of agent %d: %v, %v", agent, ok, err)
			}
			if want := th.unreadAfter(core.AgentSide, th.index(upTo)); own.EntryID != upTo || c.OwnUnread(&own) != want {
				rt.Errorf("conversation %d: agent %d has %d unread, read up to %d, want %d and %d", c.ID, agent, c.OwnUnread(&own), own.EntryID, want, upTo)
			}
		}
	}
}

// index is how many entries stand up to and including the one with the id.
func (th *randomThread) index(id int64) int {
	for i := range th.entries {
		if th.entries[i].ID == id {
			return i + 1
		}
	}
	return 0
}

// unreadAfter counts what a reader has unread who has read the first n.
func (th *randomThread) unreadAfter(reader core.Side, n int) int64 {
	var unread int64
	for i := n; i < len(th.entries); i++ {
		if core.CountsFor(&th.entries[i], reader) {
			unread++
		}
	}
	return unread
}

// primary is the message that stands for the conversation.
func (th *randomThread) primary() int64 {
	if given := th.record.PrimaryMessageID; given != nil {
		return *given
	}
	for i := range th.entries {
		if e := &th.entries[i]; e.Kind == core.Message && e.Counts {
			return e.ID
		}
	}
	return 0
}

func (th *randomThread) expected(reader core.Side, exact *int64, seen core.Time) int64 {
	if exact != nil {
		return th.unreadAfter(reader, th.index(*exact))
	}
	n := 0
	if last := core.PrefixNotNewer(th.entries, reader, seen); last != nil {
		n = th.index(last.ID)
	}
	for i := range th.entries {
		if e := &th.entries[i]; reader == core.ContactSide && e.Kind == core.Message && e.Sender.Type == core.ActorContact {
			n = max(n, i+1)
		}
	}
	return th.unreadAfter(reader, n)
}
