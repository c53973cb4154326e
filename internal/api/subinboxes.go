package api

import (
	"context"
	"strconv"

	"parley/internal/core"
)

// SubInbox is a part of an inbox.
type SubInbox struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// SubInboxInput is what a sub-inbox is made of.
type SubInboxInput struct {
	Name string `json:"name" minLength:"1" maxLength:"255" doc:"No other sub-inbox of the inbox has it."`
}

// SubInboxPatch is a change of a sub-inbox.
type SubInboxPatch struct {
	Name Optional[string] `json:"name,omitzero" minLength:"1" maxLength:"255"`
}

// SubInboxesOf asks for a page of the sub-inboxes of an inbox.
type SubInboxesOf struct {
	ByID
	PageOf
}

// OneSubInbox names a sub-inbox in the path.
type OneSubInbox struct {
	ByID
	Sub int64 `path:"sub" minimum:"1" maximum:"9007199254740991" doc:"The sub-inbox's id."`
}

// SubInboxChange is what a change of a sub-inbox is sent.
type SubInboxChange struct {
	OneSubInbox
	Body SubInboxPatch
}

func toSubInbox(s *core.SubInbox) SubInbox { return SubInbox{ID: s.ID, Name: s.Name} }

func showSubInbox(s core.SubInbox, err error) (reply[SubInbox], error) {
	return reply[SubInbox]{
		body: toSubInbox(&s), record: s, location: address("/v1/inboxes/", s.InboxID) + "/sub_inboxes/" + strconv.FormatInt(s.ID, 10),
	}, err
}

func (a *API) subInboxOperations() {
	const list, tag = "/v1/inboxes/{id}/sub_inboxes", "Inboxes"
	n := names{unique: "name"}
	read(a, op{path: list, id: "listSubInboxes", tag: tag, summary: "List the sub-inboxes of an inbox"}, a.listSubInboxes)
	read(a, op{path: list + "/{sub}", id: "getSubInbox", tag: tag, summary: "Read a sub-inbox"}, a.getSubInbox)
	create(a, op{path: list, id: "createSubInbox", tag: tag, summary: "Make a sub-inbox", permit: core.PermitStaff, names: n}, a.createSubInbox)
	update(a, op{method: "PATCH", path: list + "/{sub}", id: "updateSubInbox", tag: tag, summary: "Rename a sub-inbox", permit: core.PermitStaff, names: n}, a.updateSubInbox)
}

// listSubInboxes serves GET /v1/inboxes/{id}/sub_inboxes.
func (a *API) listSubInboxes(ctx context.Context, c *caller, in *SubInboxesOf) (reply[List[SubInbox]], error) {
	list := "sub_inboxes " + strconv.FormatInt(in.ID, 10)
	return listByID(&in.PageOf, list, func(after int64, limit int) ([]core.SubInbox, error) {
		if _, err := a.inboxInSight(ctx, c, in.ID); err != nil {
			return nil, err
		}
		return a.inboxReads.PageParts(ctx, c.AccountID, in.ID, after, limit)
	}, func(s *core.SubInbox) int64 { return s.ID }, toSubInbox)
}

// getSubInbox serves GET /v1/inboxes/{id}/sub_inboxes/{sub}.
func (a *API) getSubInbox(ctx context.Context, c *caller, in *OneSubInbox) (reply[SubInbox], error) {
	if _, err := a.inboxInSight(ctx, c, in.ID); err != nil {
		return reply[SubInbox]{}, err
	}
	return showSubInbox(a.inboxReads.Part(ctx, c.AccountID, in.ID, in.Sub))
}

// createSubInbox serves POST /v1/inboxes/{id}/sub_inboxes.
func (a *API) createSubInbox(ctx context.Context, c *caller, in *Change[SubInboxInput]) (reply[SubInbox], error) {
	return showSubInbox(a.inboxes.CreatePart(ctx, c.actor(), core.SubInbox{
		AccountID: c.AccountID, InboxID: in.ID, Name: in.Body.Name,
	}, c.again))
}

// updateSubInbox serves PATCH /v1/inboxes/{id}/sub_inboxes/{sub}.
func (a *API) updateSubInbox(ctx context.Context, c *caller, in *SubInboxChange) (reply[SubInbox], error) {
	may := unchanged[core.SubInbox](c)
	which := core.SubInbox{ID: in.Sub, AccountID: c.AccountID, InboxID: in.ID}
	return showSubInbox(a.inboxes.UpdatePart(ctx, c.actor(), which, func(s *core.SubInbox) error {
		if err := may.Of(*s); err != nil {
			return err
		}
		return in.Body.Name.changeTo(&s.Name, "name")
	}))
}
