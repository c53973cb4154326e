package uncodie

import (
	"net/http"

	"parley/internal/auth"
	"parley/internal/core"
	"parley/internal/httpx"
	"parley/internal/service/conversation"
)

// listConversations serves GET /api/agents/customerSupport/conversations: the
// conversations of a lead, visitor, user, agent or site, the newest message
// first.
func (h *handler) listConversations(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	q, err := decodeListQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	var found conversation.Selected
	if sel, ok := q.selection(); ok {
		if found, err = h.conversations.Select(r.Context(), caller.AccountID, sel); err != nil {
			return err
		}
	}
	s := httpx.NewStream(w, r, http.StatusOK, contentType)
	if err := s.Append(appendHead); err != nil {
		return err
	}
	if q.Messages {
		err = h.writeRowsWithMessages(r, s, &found)
	} else {
		err = writeRows(s, &found)
	}
	if err != nil {
		return err
	}
	tail := func(b []byte) []byte { return appendTail(b, q.pagination(found.Total), q.debugParams()) }
	if err := s.Append(tail); err != nil {
		return err
	}
	return s.Finish()
}

func writeRows(s *httpx.Stream, found *conversation.Selected) error {
	for i := range found.Threads {
		if err := s.Append(func(b []byte) []byte { return append(openRow(b, found, i), '}') }); err != nil {
			return err
		}
	}
	return nil
}

// writeRowsWithMessages adds every public message to each row, oldest first, a
// page of history at a time.
func (h *handler) writeRowsWithMessages(r *http.Request, s *httpx.Stream, found *conversation.Selected) error {
	q := conversation.HistoryQuery{Kinds: []core.EntryKind{core.Message}}
	row, lines := -1, 0
	for page, err := range h.conversations.History(r.Context(), found.Account.ID, found.Threads, q) {
		if err != nil {
			return err
		}
		err := s.Append(func(b []byte) []byte {
			if page.Thread != row {
				row, lines = page.Thread, 0
				b = append(openRow(b, found, row), `,"messages":[`...)
			}
			for i := range page.Lines {
				if lines > 0 {
					b = append(b, ',')
				}
				m := toMessage(&page.Lines[i])
				b = appendMessage(b, &m)
				lines++
			}
			if page.End {
				b = append(b, `]}`...)
			}
			return b
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// openRow appends the i-th row, without its closing brace.
func openRow(b []byte, found *conversation.Selected, i int) []byte {
	if i > 0 {
		b = append(b, ',')
	}
	c := row(&found.Account, &found.Threads[i])
	return appendRow(b, &c)
}
