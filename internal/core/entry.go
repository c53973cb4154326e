package core

import "time"

// EntryKind tells the three kinds of entries apart.
type EntryKind string

// The kinds of entries. They share one id space and one order.
const (
	Message  EntryKind = "message"  // public: said to or by the contact
	Note     EntryKind = "note"     // private to agents
	Activity EntryKind = "activity" // what the system did
)

// ActorType says who did something.
type ActorType string

// The types of actors.
const (
	ActorContact ActorType = "contact"
	ActorAgent   ActorType = "agent"
	ActorSystem  ActorType = "system"
)

// Actor is who said or did something.
type Actor struct {
	Type       ActorType
	ID         int64 // contact or agent; 0 for the system
	IdentityID int64 // the contact's identity it was said through, 0 = the conversation's
}

// Side returns the side that the actor speaks for.
func (a Actor) Side() Side {
	if a.Type == ActorContact {
		return ContactSide
	}
	return AgentSide
}

// Origin says how a message came about.
type Origin string

// The origins.
const (
	OriginPerson     Origin = "person"
	OriginBot        Origin = "bot"
	OriginAutomation Origin = "automation"
	OriginTemplate   Origin = "template"
	OriginCampaign   Origin = "campaign"
	OriginChannel    Origin = "channel"
)

// Valid tells whether o is one of the origins.
func (o Origin) Valid() bool {
	switch o {
	case OriginPerson, OriginBot, OriginAutomation, OriginTemplate, OriginCampaign, OriginChannel:
		return true
	}
	return false
}

// Entry stands at one position of a conversation: a message, a note or an
// activity.
type Entry struct {
	ID             int64
	UUID           string
	AccountID      int64
	ConversationID int64
	Position       int64 // dense from 1 over all kinds
	Kind           EntryKind
	Sender         Actor
	Origin         Origin // of messages and notes
	Listed         bool   // among CommBox's children
	Counts         bool   // as unread for the other side, and as a response
	// AgentSeq and ContactSeq are the values of the conversation's two
	// sequences at this place, this entry included: a read up to here sets the
	// cursor to them.
	AgentSeq          int64
	ContactSeq        int64
	Content           string
	ContentType       string // "" = text
	ContentAttributes JSON   // object
	Ext               JSON   // object: what only one dialect knows, by dialect
	ExternalID        string // the sender's own id; unique in the conversation where given
	DeliveryStatus    string // sent, delivered, read, failed; "" = sent
	AttachmentCount   int64
	Code              string // of activities: what was done
	Params            JSON   // of activities: object
	DeletedAt         Time   // set: a tombstone
	CreatedAt         Time
	UpdatedAt         Time
}

// IsDeleted tells whether the entry is a tombstone: it keeps its place and
// counts, but shows no text.
func (e *Entry) IsDeleted() bool { return e.DeletedAt.IsSet() }

// Text is the content as readers see it: "" for a tombstone.
func (e *Entry) Text() string {
	if e.IsDeleted() {
		return ""
	}
	return e.Content
}

// Attachment is a file, place or card that a message carries.
type Attachment struct {
	ID              int64
	AccountID       int64
	ConversationID  int64
	MessageID       int64
	FileType        string // image, audio, video, file, location, fallback, contact ...
	Name            string
	URL             string
	Path            string // key of the content in the store of files, "" when URL says it all
	MIME            string
	SizeBytes       int64
	Width           int64 // pixels, 0 = unknown
	Height          int64
	ThumbnailURL    string
	Latitude        float64
	Longitude       float64
	FallbackTitle   string
	TranscribedText string
	Meta            JSON // object
	CreatedAt       Time
}

// IsStored tells whether this server keeps the content: then its addresses are
// made when they are asked for, and URL and ThumbnailURL are "" at rest.
func (a *Attachment) IsStored() bool { return a.Path != "" }

// UploadLife is how long a stored file waits for its message: an older one is
// taken by none, so that it can be removed.
const UploadLife = Time(30 * time.Minute / time.Microsecond)

// ThumbnailSide is the longest side of a thumbnail, in pixels.
const ThumbnailSide = 320

// HasThumbnail tells whether a thumbnail is kept beside the content: of pictures
// that are larger than one.
func (a *Attachment) HasThumbnail() bool {
	return a.IsStored() && a.FileType == "image" && max(a.Width, a.Height) > ThumbnailSide
}

// ThumbnailSize is the size of the thumbnail of a picture: its own where that
// is no larger than a thumbnail. Sides are at least 1.
func ThumbnailSize(width, height int) (w, h int) {
	longest := max(width, height)
	if longest <= ThumbnailSide {
		return width, height
	}
	return max(1, width*ThumbnailSide/longest), max(1, height*ThumbnailSide/longest)
}
