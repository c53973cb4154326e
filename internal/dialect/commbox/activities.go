package commbox

import (
	"net/http"

	"parley/internal/auth"
	"parley/internal/core"
	"parley/internal/httpx"
	"parley/internal/service/conversation"
)

// maxActivityType is the highest of the published activity types, which begin
// with 1 and leave none out.
const maxActivityType = 23

// listActivities serves GET /objects/{OBJECT_ID}/activities: remarks and what
// the system did, newest first; with activityType those of one type.
func (d *dialect) listActivities(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	p := readParams(r)
	id, kind := p.pathID("OBJECT_ID"), p.number("activityType", 0, 0)
	if kind > maxActivityType {
		p.refuse("activityType")
	}
	if p.err != nil {
		return p.err
	}
	if id > core.MaxID {
		return core.Absent("object")
	}
	thread, err := d.conversations.Thread(r.Context(), caller.AccountID, id, conversation.WithContact|conversation.WithIdentity)
	if err != nil {
		return err
	}
	lines := newFeed(d.conversations.History(r.Context(), caller.AccountID, []core.Thread{thread}, conversation.HistoryQuery{
		Kinds: []core.EntryKind{core.Activity, core.Note}, Desc: true,
	}))
	defer lines.stop()
	return d.stream(w, r, openBrace, func(s *httpx.Stream) error {
		if err := s.Append(openBracket); err != nil {
			return err
		}
		comma := false
		err := lines.thread(func(l *core.Line, _ bool) error {
			a := toActivity(l)
			if kind != 0 && a.Type != kind {
				return nil
			}
			before := comma
			comma = true
			return s.Append(func(b []byte) []byte { return a.appendJSON(separate(b, before)) })
		})
		if err != nil {
			return err
		}
		return s.Append(closeBracket)
	})
}
