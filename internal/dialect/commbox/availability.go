package commbox

import (
	"net/http"

	"parley/internal/auth"
	"parley/internal/core"
	"parley/internal/service/inbox"
)

// Whether a stream is there for its customers (OpenAPI 2.07). A stream without
// service, 0, there is none here: every inbox is served.
const (
	streamAvailable   = 1 // the stream is open, and somebody is free
	streamBusy        = 2 // the stream is open, and all who are there have too much to do
	streamUnavailable = 3 // the stream is closed, or nobody is there
)

// getAvailability serves the three forms of GET
// /streams/{STREAM_ID}/streamavailability. ignoreAutomationExsistance (so
// spelt) judges by people alone; older callers send it at the end of the path.
func (d *dialect) getAvailability(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	p := readParams(r)
	stream := d.streamOf(p, caller)
	var part int64
	if r.PathValue("SUBSTREAM_ID") != "" {
		part = p.pathNumber("SUBSTREAM_ID")
	}
	ignoreBots := p.flag("ignoreAutomationExsistance", false)
	if tail := r.PathValue("IGNORE_AUTOMATION"); tail != "" {
		ignoreBots = p.boolean("IGNORE_AUTOMATION", tail, false)
	}
	autoAssign, details := p.flag("autoAssign", false), p.flag("includeDetails", false)
	if p.err != nil {
		return p.err
	}
	if stream == 0 || part > core.MaxID {
		return core.Absent("stream")
	}
	who, err := d.inboxes.Attendance(r.Context(), caller.AccountID, stream, part)
	if err != nil {
		return err
	}
	// A bot is no agent to assign to.
	answer := availability{State: streamState(&who, !ignoreBots && !autoAssign)}
	if details {
		agents := make([]availabilityFor, len(who.Agents))
		for i := range who.Agents {
			a := &who.Agents[i]
			first, last := agentNames(a)
			agents[i] = availabilityFor{ID: a.ID, FirstName: first, LastName: last, PresenceType: presence(a), PermissionID: permission(a)}
		}
		answer.Agents = &agents
	}
	return d.answer(w, r, success, answer)
}

// streamState judges an attendance. A bot that counts is there at all hours,
// which hides that people are not.
func streamState(who *inbox.Attendance, bots bool) int64 {
	state := int64(streamUnavailable)
	for i := range who.Agents {
		switch a := &who.Agents[i]; {
		case a.Type == core.Bot:
			if bots {
				return streamAvailable
			}
		case !who.Open:
		case presence(a) == presenceActive:
			state = streamAvailable
		case presence(a) == presenceBusy && state != streamAvailable:
			state = streamBusy
		}
	}
	return state
}

// How an agent is there (OpenAPI 2.07, presence types).
const (
	presenceActive = 1
	presenceBusy   = 2
	presenceAway   = 3
)

// presence is how an agent is there; a bot always is.
func presence(a *core.Agent) int64 {
	switch {
	case a.Type == core.Bot || a.Availability == "online":
		return presenceActive
	case a.Availability == "busy":
		return presenceBusy
	}
	return presenceAway
}
