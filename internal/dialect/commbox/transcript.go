package commbox

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"parley/internal/auth"
	"parley/internal/core"
	"parley/internal/httpx"
	"parley/internal/service/conversation"
)

// getTranscript serves GET /streams/{STREAM_ID}/objects/{OBJECT_ID}/transcript:
// a conversation as one text, oldest line first, alone in an array. The
// published key of the text is misspelt, and a public client reads the right
// word, so the text is sent under both; since it can be of any length, the
// history is read once for each.
func (d *dialect) getTranscript(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	p := readParams(r)
	stream := d.streamOf(p, caller)
	id := p.pathID("OBJECT_ID")
	if p.err != nil {
		return p.err
	}
	if stream == 0 || id > core.MaxID {
		return core.Absent("object")
	}
	thread, err := d.conversations.Thread(r.Context(), caller.AccountID, id, conversation.WithContact|conversation.WithIdentity)
	if err != nil {
		return err
	}
	if thread.Conversation.InboxID != stream {
		return core.Absent("object")
	}
	user := toCustomer(&thread.Contact, thread.IdentityCount)
	return d.stream(w, r, openBrace, func(s *httpx.Stream) error {
		err := s.Append(func(b []byte) []byte {
			b = number(b, `[{"objectId":`, id)
			b = number(b, `,"streamid":`, stream)
			return number(b, `,"substreamid":`, thread.Conversation.SubInboxID)
		})
		if err != nil {
			return err
		}
		for _, key := range []string{`,"trasncript":"`, `,"transcript":"`} {
			if err := d.writeTranscript(s, r, caller.AccountID, thread, key); err != nil {
				return err
			}
		}
		return s.Append(func(b []byte) []byte {
			b = user.appendTranscriptJSON(append(b, `,"user":`...))
			return append(b, "}]"...)
		})
	})
}

// writeTranscript writes the key and the text as a string, block by block.
func (d *dialect) writeTranscript(s *httpx.Stream, r *http.Request, account int64, thread core.Thread, key string) error {
	if err := s.Append(func(b []byte) []byte { return append(b, key...) }); err != nil {
		return err
	}
	lines := newFeed(d.conversations.History(r.Context(), account, []core.Thread{thread}, conversation.HistoryQuery{
		Kinds: []core.EntryKind{core.Message, core.Activity},
	}))
	defer lines.stop()
	err := lines.thread(func(l *core.Line, _ bool) error {
		block := transcriptBlock(l)
		return s.Append(func(b []byte) []byte { return appendInString(b, block) })
	})
	if err != nil {
		return err
	}
	tail := "Object ID: " + strconv.FormatInt(thread.Conversation.ID, 10)
	return s.Append(func(b []byte) []byte { return append(appendInString(b, tail), '"') })
}

// appendInString appends s as a part of a JSON string.
func appendInString(b []byte, s string) []byte {
	n := len(b)
	b = httpx.AppendString(b, s)
	return append(b[:n], b[n+1:len(b)-1]...)
}

// transcriptTime is the layout of a line's time, UTC (OpenAPI 2.07, example of
// Get Transcript).
const transcriptTime = "[1/2/2006 3:04:05 PM]"

// botName is who speaks for automation (the same example).
const botName = "Bot"

// transcriptBlock is the text of one line: its time, who said it, what, and an
// empty line. It is "" for what does not show: deleted messages, and
// activities other than changes of the status, which the bot tells by name.
func transcriptBlock(l *core.Line) string {
	e := &l.Entry
	if e.IsDeleted() {
		return ""
	}
	var b strings.Builder
	b.WriteString(e.CreatedAt.Std().Format(transcriptTime) + "\n")
	if e.Kind == core.Activity {
		if e.Code != core.ActivityStatusChanged {
			return ""
		}
		b.WriteString(botName + " :\n" + statusName(changedStatus(e)) + "\n\n")
		return b.String()
	}
	b.WriteString(speaker(l) + " :\n")
	if e.Content != "" {
		b.WriteString(e.Content + "\n")
	}
	if files := fileNames(l); len(files) > 0 {
		b.WriteString("Attachments:\n" + strings.Join(files, "\n") + "\n")
	}
	b.WriteString("\n")
	return b.String()
}

// speaker is the name of who said a message.
func speaker(l *core.Line) string {
	switch {
	case l.Agent != nil && l.Agent.Type != core.Bot:
		first, last := agentNames(l.Agent)
		return strings.TrimSpace(first + " " + last)
	case l.Agent != nil || l.Contact == nil:
		return botName
	}
	var i core.Identity
	if l.Identity != nil {
		i = *l.Identity
	}
	address := i.Address
	if i.ProviderType == core.AnonymousProvider {
		address = "Visitor" // a random id names nobody
	}
	return cmp.Or(strings.TrimSpace(i.FirstName+" "+i.LastName), l.Contact.FullName(), l.Contact.Email, i.Email, address)
}

// fileNames returns the names of a message's attachments: those of the stored
// content, which alone knows the files of CommBox's own messages, else those
// that this server keeps.
func fileNames(l *core.Line) []string {
	var content struct {
		Attachments []struct{ Name, Path string }
	}
	if stored := extensionOf(l.Entry.Ext).content(); stored != "" {
		_ = json.Unmarshal([]byte(stored), &content) // another form has no names
	}
	var names []string
	for _, a := range content.Attachments {
		names = append(names, cmp.Or(a.Name, a.Path))
	}
	if names != nil {
		return names
	}
	for i := range l.Attachments {
		a := &l.Attachments[i]
		names = append(names, cmp.Or(a.Name, a.FallbackTitle, a.URL, a.FileType))
	}
	return names
}

// statusName is the name of a status, or its number when nobody knows it.
func statusName(id int64) string { return cmp.Or(statusNames[id], strconv.FormatInt(id, 10)) }

// statusNames are the names of CommBox's statuses (OpenAPI 2.07).
var statusNames = map[int64]string{
	1: "Open", 2: "Resolved", 3: "Forward", 4: "Irrelevant", 5: "Deleted", 6: "Forward Reply", 7: "Draft", 8: "In Process",
	9: "Scheduled", 10: "Follow Up", 11: "Automated", 13: "Sent", 14: "Archive", 15: "Pending",
}
