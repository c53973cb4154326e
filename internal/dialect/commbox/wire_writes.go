package commbox

import "encoding/json"

// This file has what calls are sent that write, and what they answer (OpenAPI
// 2.07, and what its help pages and public clients add). Names of sent members
// match in any letter case.

// newObject is the body of Create Object.
type newObject struct {
	Message                wireText
	Type                   wireInt
	StatusID               wireInt
	SubStreamID            wireInt
	StreamProviderType     wireInt
	StreamProviderID       wireText
	UserStreamProviderID   wireText
	UserStreamProviderType wireInt
	UserIdentity           wireInt
	ManagerID              wireInt
	Content                wireObject
	CreateChildObject      wireBool
	User                   newUser
}

// newUser is the part of a body that tells of the customer, and the body of
// Update User.
type newUser struct {
	UniqueID, FirstName, LastName, Phone1, Phone2, Email, Remarks wireText
	Content                                                       wireObject
}

// UnmarshalJSON implements json.Unmarshaler. In a form, whose fields hold texts
// alone, the user is the text of an object.
func (u *newUser) UnmarshalJSON(raw []byte) error {
	var object wireObject
	if err := object.UnmarshalJSON(raw); err != nil || object == "" {
		return err
	}
	type members newUser // without this method
	return json.Unmarshal([]byte(object), (*members)(u))
}

// newChild is the body of Create Child.
type newChild struct {
	Type                   wireInt
	Message                wireText
	UserStreamProviderID   wireText
	UserStreamProviderType wireInt
	IsManager              wireBool
	UserIdentity           wireInt
	ManagerID              wireInt
	Content                wireObject
}

// newLine is the body of Add Activity Log and Add Remark.
type newLine struct {
	Text, Source wireText
	ManagerID    wireInt
}

// newIndicator is the body of Set Indicator.
type newIndicator struct {
	IndicatorID, Title, DisplayClass, Icon, Link wireText
}

// newStream is the body of Set Stream, whose members are in camel case.
type newStream struct {
	StreamID, SubStreamID wireInt
}

// transferred is the answer of Set Stream.
type transferred struct {
	StreamID    int64  `json:"streamId"`
	SubStreamID int64  `json:"subStreamId"`
	UpdatedTime string `json:"updatedTime"`
}
