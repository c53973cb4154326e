package commbox

import "encoding/json"

// The bodies of webhooks. Sources: WX are CommBox's XML pages on webhooks
// (attributes, elements and their order), WJ its newer pages with JSON. Both
// show the same tree: what is an attribute or an element with text in XML is a
// text in JSON, numbers and booleans too (WJ: "Id":"3377699720580841",
// "isObject":"True"). Fields stand in the order of WJ, in which elements come
// before attributes; in XML attributes come first whatever their place.
//
// Times are UTC without a zone. WX writes the creation of an object in one
// layout, that of childs and activities in another, and times to come in a
// third.
const (
	hookObjectLayout   = "2006-01-02 15:04:05"
	hookEntryLayout    = "02-01-2006 15:04:05"
	hookFollowUpLayout = "01/02/2006 15:04:05"
)

// hookContent is technical content: JSON text in XML (WX), an object in JSON
// (WJ). What stands in it keeps its own form.
type hookContent string

// MarshalJSON implements json.Marshaler.
func (c hookContent) MarshalJSON() ([]byte, error) {
	if !json.Valid([]byte(c)) {
		return []byte(emptyContent), nil
	}
	return []byte(c), nil
}

// hookPlace are the attributes of every object.
type hookPlace struct {
	ID          string `json:"Id" xml:"Id,attr"`
	StreamID    string `json:"StreamId" xml:"StreamId,attr"`
	SubStreamID string `json:"SubStreamId" xml:"SubStreamId,attr"`
}

// hookNewObject is the Object of OnNew.
type hookNewObject struct {
	Message   string
	Content   hookContent
	ManagerID string `json:"ManagerId" xml:"ManagerId"` // who opened it; 0 = the customer (WJ)
	Snippet   string
	User      hookUser
	hookPlace
	Type             string `xml:",attr"`
	StatusID         string `xml:",attr"` // spelt so (WX)
	CreateDate       string `xml:",attr"` // in hookObjectLayout
	StreamProviderID string `json:"StreamProviderId" xml:"StreamProviderId,attr"`
	// StreamProviderType is the name of the provider here, such as Mail (WX).
	StreamProviderType string `xml:",attr"`
}

// hookChildOf is the Object of OnNewChild.
type hookChildOf struct {
	Children struct{ Child hookChild }
	hookPlace
}

// hookChild is a message. ManagerID comes before Content here (WX).
type hookChild struct {
	Message            string
	ManagerID          string `json:"ManagerId" xml:"ManagerId"` // 0 = no agent
	Content            hookContent
	Snippet            string
	User               hookUser // who said it
	ID                 string   `json:"Id" xml:"Id,attr"`
	CreateDate         string   `xml:",attr"` // in hookEntryLayout
	Type               string   `xml:",attr"`
	StreamProviderID   string   `json:"StreamProviderId" xml:"StreamProviderId,attr"` // the sender's own id of the message
	StreamProviderType string   `xml:",attr"`                                         // a name, as the object's
}

// hookActivityOf is the Object of OnNewActivity.
type hookActivityOf struct {
	Activities struct{ Activity hookActivity }
	hookPlace
}

// hookActivity is a remark or what was done to an object.
type hookActivity struct {
	User       hookActor
	Data       string // JSON text, in JSON too: see activityData
	ID         string `json:"Id" xml:"Id,attr"`
	Type       string `xml:",attr"`
	CreateDate string `xml:",attr"` // in hookEntryLayout
}

// hookActor is who did it, by ids alone (WX); 0 = the system.
type hookActor struct {
	Identity *hookActorIdentity `json:",omitempty" xml:",omitempty"`
	ID       string             `json:"Id" xml:"Id,attr"`
}

type hookActorIdentity struct {
	ID string `json:"Id" xml:"Id,attr"`
}

// hookTagsOf is the Object of OnUpdateTag.
type hookTagsOf struct {
	Tags hookTags
	hookPlace
}

// hookTags are the tags that came and went, each an element Tag. No source
// shows several. In JSON one is an object and several are a list, as converters
// from XML have it.
type hookTags struct{ Tag []hookTagChange }

// MarshalJSON implements json.Marshaler.
func (t hookTags) MarshalJSON() ([]byte, error) {
	if len(t.Tag) == 1 {
		return json.Marshal(struct{ Tag hookTagChange }{t.Tag[0]})
	}
	return json.Marshal(struct{ Tag []hookTagChange }{t.Tag})
}

type hookTagChange struct {
	ID     string `json:"Id" xml:"Id,attr"`
	Action string `xml:",attr"` // Add or Remove
}

// hookUser is the User of OnNew and OnUpdate, with Tags that of OnUpdateTag, of
// which WX shows the tags alone; and whoever an object or a child belongs to.
// What is not known is "" (WJ).
type hookUser struct {
	Content       hookContent
	Identity      *hookIdentity `json:",omitempty" xml:",omitempty"`
	Tags          *hookTags     `json:",omitempty" xml:",omitempty"`
	ID            string        `json:"Id" xml:"Id,attr"`
	Phone1        string        `xml:",attr"` // without +
	Phone2        string        `xml:",attr"`
	UniqueID      string        `xml:",attr"` // spelt so (WX)
	Email         string        `xml:",attr"`
	FirstName     string        `xml:",attr"`
	LastName      string        `xml:",attr"`
	Gender        string        `xml:",attr"`
	NumIdentities string        `xml:",attr"` // not numberIdentities, as in objects
	Locale        string        `xml:",attr"`
	Birthday      string        `xml:",attr"` // an ISO date (WX: 1951-10-10)
	Remarks       string        `xml:",attr"`
	NumObjects    string        `xml:",attr"`
}

// hookIdentity is one address of a user: WX and WJ show one, however many there
// are.
type hookIdentity struct {
	ID                  string `json:"Id" xml:"Id,attr"`
	StreamProviderID    string `json:"StreamProviderId" xml:"StreamProviderId,attr"`
	StreamProviderType  string `xml:",attr"` // the number here (WX: 1, WJ: 6)
	StreamProviderEmail string `xml:",attr"`
	UserName            string `xml:",attr"`
	FirstName           string `xml:",attr"`
	LastName            string `xml:",attr"`
	ThumbnailURL        string `json:"ThumbnailUrl" xml:"ThumbnailUrl,attr"`
}

// hookTag is the Tag of OnAdd (WJ alone; in XML its members are attributes, as
// those of other tags are). Tags have no units here: the members that tell of
// them have the values of WJ, whose tag has none either.
type hookTag struct {
	EventName          string `json:"eventName" xml:"eventName,attr"` // the event's name once more
	TagID              string `json:"tagId" xml:"tagId,attr"`
	GroupID            string `json:"groupId" xml:"groupId,attr"` // 0 = none
	Name               string `json:"name" xml:"name,attr"`
	IsObject           string `json:"isObject" xml:"isObject,attr"` // True or False
	IsUser             string `json:"isUser" xml:"isUser,attr"`
	Type               string `json:"type" xml:"type,attr"`
	Unit               string `json:"unit" xml:"unit,attr"`
	UnitValidationType string `json:"unitValidationType" xml:"unitValidationType,attr"`
	UnitValidation     string `json:"unitValidation" xml:"unitValidation,attr"`
	DefaultValue       string `json:"defaultValue" xml:"defaultValue,attr"`
	RequestID          string `json:"requestId" xml:"requestId,attr"` // a UUID
}

// hookProviders are the names of provider types, by number (OpenAPI 2.07).
var hookProviders = []string{
	"Commbox", "Facebook", "Twitter", "YouTube", "Mail", "Telephone", "Anonymous", "WhatsApp", "Web", "AppleAppStore", "Instagram",
	"Google", "Telegram", "GoogleMyBusiness", "Microsoft365", "Gmail", "WhatsAppCloud", "Salesforce",
}
