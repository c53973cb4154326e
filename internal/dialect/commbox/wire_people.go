package commbox

// person is a user, customer or staff (OpenAPI 2.07, Get User).
type person struct {
	ID            int64            `json:"id"`
	FirstName     string           `json:"firstName"`
	LastName      string           `json:"lastName"`
	Gender        string           `json:"gender"`
	Phone1        string           `json:"phone1"`
	Phone2        *string          `json:"phone2"` // nullable there
	UniqueID      string           `json:"uniqueId"`
	Email         string           `json:"email"`
	Content       string           `json:"content"` // JSON text inside a string
	PermissionID  int64            `json:"permissionId"`
	NumIdentities int64            `json:"numIdentities"` // not numberIdentities, as in objects
	NumObjects    int64            `json:"numObjects"`
	Locale        string           `json:"locale"`
	Remarks       string           `json:"remarks"`
	UserTags      string           `json:"userTags"` // a list of personTag as JSON text inside a string
	TeamID        int64            `json:"teamId"`   // 0 = none
	Identities    []personIdentity `json:"identities"`
}

// personIdentity is an address of a user (OpenAPI 2.07, Get User).
type personIdentity struct {
	ID                  int64   `json:"id"`
	UserID              int64   `json:"userId"`
	NumObjects          int64   `json:"numObjects"`
	UserName            *string `json:"userName"` // nullable there
	StreamProviderEmail string  `json:"streamProviderEmail"`
	StreamProviderID    string  `json:"streamProviderId"`
	StreamProviderType  int64   `json:"streamProviderType"`
	FirstName           string  `json:"firstName"`
	LastName            string  `json:"lastName"`
	ThumbnailURL        *string `json:"thumbnailUrl"` // nullable there
	Content             string  `json:"content"`
}

// personTag is an item of userTags.
type personTag struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	GroupName string `json:"group_name"` // snake case there; "" = no group
}
