package commbox

// streamList is the data of the list of streams. No document has this call: a
// public client was seen to read the member streams of its data. The keys of
// the items are this server's own, after those of other calls.
type streamList struct {
	Streams []streamItem `json:"streams"`
}

// streamItem is a stream. EncryptedID is the form of ID that the calls which
// send messages take.
type streamItem struct {
	ID               int64           `json:"id"`
	EncryptedID      string          `json:"encryptedId"`
	Name             string          `json:"name"`
	ModuleID         int64           `json:"moduleId"`
	ModuleUniqueName string          `json:"moduleUniqueName"` // named as in the managers' assignments
	SubStreams       []subStreamItem `json:"subStreams"`
}

// subStreamItem is a part of a stream.
type subStreamItem struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// streamStat is a number of objects (OpenAPI 2.07, Get Streams Stats).
type streamStat struct {
	ModuleID    int64 `json:"moduleId"`
	StreamID    int64 `json:"streamId"`
	SubStreamID int64 `json:"subStreamId"`
	StatusID    int64 `json:"statusId"`
	Count       int64 `json:"c"`
}

// slaBreaches and slaCritical are the two items of the SLA's answer, each with
// one key (OpenAPI 2.07, Get Streams SLA Exceptions: a pair as .NET writes it).
type (
	slaBreaches struct {
		Item1 []streamStat `json:"Item1"`
	}
	slaCritical struct {
		Item2 []streamStat `json:"Item2"`
	}
)

// availability tells whether somebody is there (OpenAPI 2.07, Get Stream
// Availability). Agents is there when includeDetails asks for it; the form of
// its items is published nowhere and this server's own.
type availability struct {
	State  int64              `json:"state"`
	Agents *[]availabilityFor `json:"agents,omitempty"`
}

// availabilityFor is an agent, its presence and its permission.
type availabilityFor struct {
	ID           int64  `json:"id"`
	FirstName    string `json:"firstName"`
	LastName     string `json:"lastName"`
	PresenceType int64  `json:"presenceType"` // named as in the list of presences
	PermissionID int64  `json:"permissionId"` // named as in Get User
}
