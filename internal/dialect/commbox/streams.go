package commbox

import (
	"cmp"
	"net/http"
	"slices"

	"parley/internal/auth"
	"parley/internal/core"
)

// streamCalls are the reads of streams and their counts, and the one call that
// is about nothing.
func (d *dialect) streamCalls() []call {
	return []call{
		{method: "GET", path: "/core/systemstatus", serve: d.getSystemStatus, open: true},
		{method: "GET", path: "/streams", serve: d.listStreams},
		{method: "GET", path: "/streams/{STREAM_ID}/streamavailability", serve: d.getAvailability},
		{method: "GET", path: "/streams/{STREAM_ID}/streamavailability/{IGNORE_AUTOMATION}", serve: d.getAvailability},
		{method: "GET", path: "/streams/{STREAM_ID}/substreams/{SUBSTREAM_ID}/streamavailability", serve: d.getAvailability},
		{method: "GET", path: "/stats/streams", serve: d.countStreams},
		{method: "GET", path: "/stats/streamsSLAExceptions", serve: d.listSLAExceptions},
	}
}

// module is a kind of stream: a number and name of CommBox's list.
type module struct {
	id   int64
	name string
}

// modules are those that serve the channels that this server knows. Any other
// channel is of the general one.
var modules = map[core.Channel]module{
	core.ChannelWeb:      {9, "chat"},
	core.ChannelAPI:      {60, "api"},
	core.ChannelEmail:    {6, "mailbox_connector"},
	core.ChannelSMS:      {14, "sms"},
	core.ChannelWhatsApp: {13, "whatsapp"},
}

// moduleOf returns the module that serves a channel.
func moduleOf(ch core.Channel) module {
	if m, ok := modules[ch]; ok {
		return m
	}
	return module{0, "general"}
}

// listStreams serves GET /streams: the account's streams and their parts.
func (d *dialect) listStreams(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	inboxes, err := d.inboxes.List(r.Context(), caller.AccountID)
	if err != nil {
		return err
	}
	list := streamList{Streams: make([]streamItem, len(inboxes))}
	for n := range inboxes {
		i := &inboxes[n]
		m := moduleOf(i.Channel)
		item := streamItem{
			ID: i.ID, EncryptedID: d.ids.Stream(caller.AccountID, i.ID), Name: i.Name, ModuleID: m.id, ModuleUniqueName: m.name,
			SubStreams: make([]subStreamItem, len(i.SubInboxes)),
		}
		for k, part := range i.SubInboxes {
			item.SubStreams[k] = subStreamItem{ID: part.ID, Name: part.Name}
		}
		list.Streams[n] = item
	}
	return d.answer(w, r, success, list)
}

// countStreams serves GET /stats/streams: how many objects of each status each
// stream and sub-stream has, without those that have none.
func (d *dialect) countStreams(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	counts, err := d.inboxes.CountStates(r.Context(), caller.AccountID)
	if err != nil {
		return err
	}
	// Two states can show as one status: a number, and the default for it.
	sums := map[streamStat]int64{}
	for _, c := range counts {
		key := streamStat{
			ModuleID: moduleOf(c.Inbox.Channel).id, StreamID: c.Inbox.ID, SubStreamID: c.SubInboxID,
			StatusID: cmp.Or(c.StatusCode, defaultStatus(c.Status)),
		}
		sums[key] += c.Count
	}
	stats := make([]streamStat, 0, len(sums))
	for key, n := range sums {
		key.Count = n
		stats = append(stats, key)
	}
	slices.SortFunc(stats, func(a, b streamStat) int {
		return cmp.Or(cmp.Compare(a.StreamID, b.StreamID), cmp.Compare(a.SubStreamID, b.SubStreamID), cmp.Compare(a.StatusID, b.StatusID))
	})
	return d.answer(w, r, success, stats)
}

// listSLAExceptions serves GET /stats/streamsSLAExceptions. Both lists are
// empty: nobody has promised anything, since there are no agreements about
// times of service to be set here.
func (d *dialect) listSLAExceptions(w http.ResponseWriter, r *http.Request, _ auth.Principal) error {
	return d.answer(w, r, success, []any{slaBreaches{Item1: []streamStat{}}, slaCritical{Item2: []streamStat{}}})
}
