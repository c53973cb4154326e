package commbox

import "parley/internal/core"

// The bodies of this dialect. Fields stand in the order in which they are
// sent. encode.go writes them; the tags are what a test compares it with.
//
// Sources: V2 is the sample body of Get User Objects V2, the only published
// example of a real answer; GO is the schema of Get Object (OpenAPI 2.07);
// ACT is Get Object Activities (OpenAPI 2.07); SO is Get Stream Objects
// (OpenAPI 2.07). Where V2 and GO name the same thing differently, Get Object
// and the first version of Get User Objects send both names. SO publishes two
// other sets of keys; it has V2's here, with what SO has beyond them.

// stamp is the time of an entity: whole seconds and Z (V2), null when unset.
type stamp core.Time

// null is a key whose value is always null.
type null struct{}

// MarshalJSON returns null.
func (null) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// nullable is a string that can be null.
type nullable struct {
	Null bool
	Text string
}

// object is a conversation (V2: keys 1 to 29).
type object struct {
	ObjectID           int64  `json:"objectId"`
	StreamID           int64  `json:"streamId"` // always the plain id (GO)
	SubStreamID        int64  `json:"subStreamId"`
	StreamProviderID   string `json:"streamProviderId"`
	StreamProviderType int64  `json:"streamProviderType"`
	UserIdentity       int64  `json:"user_identity"` // snake case inside camel case (V2, GO)
	FirstName          string `json:"firstName"`
	LastName           string `json:"lastName"`
	// ModuleID is in V2 and not in GO's schema; Get Object sends it, too.
	ModuleID               int64  `json:"moduleId"`
	UserStreamProviderID   string `json:"userStreamProviderId"`
	UserStreamProviderType int64  `json:"userStreamProviderType"`
	Content                string `json:"content"` // JSON text inside a string (V2, GO)
	Message                string `json:"message"`
	CreatedTime            stamp  `json:"createdTime"`
	UpdatedTime            stamp  `json:"updatedTime"`
	ClosedTime             stamp  `json:"closedTime"` // V2
	// CloseTime is GO's name of ClosedTime; nil leaves the key out.
	CloseTime         *stamp `json:"closeTime,omitempty"`
	FirstResponseTime stamp  `json:"firstResponseTime"`
	LastResponseTime  stamp  `json:"lastResponseTime"`
	// PriorityTime is in SO alone, and so are NumTags and NumChilds below; nil
	// leaves a key out.
	PriorityTime          *stamp   `json:"priorityTime,omitempty"`
	StatusID              int64    `json:"statusId"`
	AssignedManagerID     int64    `json:"assignedManagerId"`     // 0 = nobody (V2)
	LastAssignedManagerID int64    `json:"lastAssignedManagerId"` // 0 = nobody yet (V2)
	Type                  int64    `json:"type"`
	NumTags               *int64   `json:"numTags,omitempty"`
	NumChilds             *int64   `json:"numChilds,omitempty"`
	User                  customer `json:"user"`
	IsManager             bool     `json:"isManager"`
	Childs                []child  `json:"childs"`
	// The next three are in V2 as empty arrays. The items of the first are
	// ACT's, those of the second are numbers; the third never has any.
	ActivityLogs         []activity `json:"activityLogs"`
	TagsObjectID         []int64    `json:"tagsObjectId"`
	CustomerParticipants []null     `json:"customerParticipants"`
	// UnreadMessages is V2's alone; nil leaves the key out.
	UnreadMessages *int64 `json:"unreadMessages,omitempty"`
}

// customer is the owner of a conversation: the full form, in which a string
// that is not known is "" (V2).
type customer struct {
	ID               int64  `json:"id"`
	ManagerID        null   `json:"managerId"` // null here, 0 in an author (V2; GO)
	IsManager        bool   `json:"isManager"` // always false
	EncryptedID      null   `json:"encryptedId"`
	Identity         null   `json:"identity"`
	UniqueID         string `json:"uniqueId"`
	Phone1           string `json:"phone1"` // without + (V2's field table)
	Phone2           string `json:"phone2"`
	Email            string `json:"email"`
	FirstName        string `json:"firstName"`
	LastName         string `json:"lastName"`
	Gender           string `json:"gender"`
	NumberIdentities int64  `json:"numberIdentities"`
	Locale           string `json:"locale"`
	Birthday         string `json:"birthday"`
	Remarks          string `json:"remarks"`
	Content          string `json:"content"` // JSON text inside a string
}

// child is a message.
type child struct {
	ID       int64 `json:"id"`
	ObjectID int64 `json:"objectId"` // V2
	// ObjectIDAlias is GO's name of ObjectID; 0 leaves the key out.
	ObjectIDAlias      int64  `json:"object_id,omitempty"`
	Content            string `json:"content"`
	Message            string `json:"message"`
	CreatedTime        stamp  `json:"createdTime"`
	StreamProviderType int64  `json:"streamProviderType"`
	Type               int64  `json:"type"` // V2; not in GO's schema
	User               author `json:"user"`
}

// author is who said a child: the same 17 keys as a customer in the compact
// form, in which the profile is null (V2). EncryptedID is null for everybody
// but agents.
type author struct {
	ID               int64            `json:"id"`
	ManagerID        int64            `json:"managerId"` // an agent's ID (V2), 0 for a customer (GO)
	IsManager        bool             `json:"isManager"`
	EncryptedID      nullable         `json:"encryptedId"`
	Identity         *compactIdentity `json:"identity"`
	UniqueID         null             `json:"uniqueId"`
	Phone1           null             `json:"phone1"`
	Phone2           null             `json:"phone2"`
	Email            null             `json:"email"`
	FirstName        null             `json:"firstName"`
	LastName         null             `json:"lastName"`
	Gender           null             `json:"gender"`
	NumberIdentities int64            `json:"numberIdentities"` // always 0 (V2)
	Locale           null             `json:"locale"`
	Birthday         null             `json:"birthday"`
	Remarks          null             `json:"remarks"`
	Content          null             `json:"content"`
}

// compactIdentity is the address that an author spoke through. Unknown names
// and pictures are "" for an agent (V2) and null for a customer (GO).
type compactIdentity struct {
	ID                 int64    `json:"id"`
	StreamProviderID   string   `json:"streamProviderId"`
	StreamProviderType int64    `json:"streamProviderType"`
	FirstName          nullable `json:"firstName"`
	LastName           nullable `json:"lastName"`
	ThumbnailURL       nullable `json:"thumbnailUrl"`
}

// activity is an item of activityLogs. No source shows one; the shape is that
// of Get Object Activities (ACT), with Z like every other time.
type activity struct {
	ObjectID    string        `json:"objectId"` // a string here (ACT)
	User        activityActor `json:"user"`
	Type        int64         `json:"type"`
	Data        string        `json:"data"` // JSON text inside a string (ACT)
	CreatedTime stamp         `json:"createdTime"`
}

// activityActor is who did it; ID 0 is the system.
type activityActor struct {
	ID        int64            `json:"id"`
	FirstName nullable         `json:"first_name"` // snake case here (ACT)
	LastName  nullable         `json:"last_name"`
	Identity  activityIdentity `json:"identity"`
}

// activityIdentity is the compact identity of an activity.
type activityIdentity struct {
	IdentityID   int64    `json:"identityId"`
	ThumbnailURL nullable `json:"thumbnailUrl"` // nullable (ACT)
}
