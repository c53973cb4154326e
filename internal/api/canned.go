package api

import (
	"context"

	"parley/internal/core"
)

// CannedResponse is a text that agents insert by a short code.
type CannedResponse struct {
	ID        int64  `json:"id"`
	ShortCode string `json:"short_code"`
	Content   string `json:"content"`
	CreatedAt Time   `json:"created_at"`
	UpdatedAt Time   `json:"updated_at"`
}

// CannedResponseInput is what a canned response is made of.
type CannedResponseInput struct {
	ShortCode string `json:"short_code" minLength:"1" maxLength:"255" doc:"No other canned response of the account has it."`
	Content   string `json:"content" minLength:"1" maxLength:"65536"`
}

// CannedResponsePatch is a change of a canned response.
type CannedResponsePatch struct {
	ShortCode Optional[string] `json:"short_code,omitzero" minLength:"1" maxLength:"255"`
	Content   Optional[string] `json:"content,omitzero" minLength:"1" maxLength:"65536"`
}

func toCannedResponse(r *core.CannedResponse) CannedResponse {
	return CannedResponse{
		ID: r.ID, ShortCode: r.ShortCode, Content: r.Content, CreatedAt: Time(r.CreatedAt), UpdatedAt: Time(r.UpdatedAt),
	}
}

func showCannedResponse(r core.CannedResponse, err error) (reply[CannedResponse], error) {
	return reply[CannedResponse]{body: toCannedResponse(&r), record: r, location: address("/v1/canned_responses/", r.ID)}, err
}

func (a *API) cannedOperations() {
	const list, one, tag = "/v1/canned_responses", "/v1/canned_responses/{id}", "Canned responses"
	read(a, op{path: list, id: "listCannedResponses", tag: tag, summary: "List the canned responses"}, a.listCannedResponses)
	read(a, op{path: one, id: "getCannedResponse", tag: tag, summary: "Read a canned response"}, a.getCannedResponse)
	create(a, op{path: list, id: "createCannedResponse", tag: tag, summary: "Make a canned response", permit: core.PermitLabels}, a.createCannedResponse)
	update(a, op{method: "PATCH", path: one, id: "updateCannedResponse", tag: tag, summary: "Change a canned response", permit: core.PermitLabels}, a.updateCannedResponse)
	remove(a, op{path: one, id: "deleteCannedResponse", tag: tag, summary: "Delete a canned response", permit: core.PermitLabels}, a.deleteCannedResponse)
}

// listCannedResponses serves GET /v1/canned_responses.
func (a *API) listCannedResponses(ctx context.Context, c *caller, in *PageOf) (reply[List[CannedResponse]], error) {
	return listByID(in, "canned_responses", func(after int64, limit int) ([]core.CannedResponse, error) {
		return a.canned.Page(ctx, c.AccountID, after, limit)
	}, func(r *core.CannedResponse) int64 { return r.ID }, toCannedResponse)
}

// getCannedResponse serves GET /v1/canned_responses/{id}.
func (a *API) getCannedResponse(ctx context.Context, c *caller, in *ByID) (reply[CannedResponse], error) {
	return showCannedResponse(a.canned.Response(ctx, c.AccountID, in.ID))
}

// createCannedResponse serves POST /v1/canned_responses.
func (a *API) createCannedResponse(ctx context.Context, c *caller, in *Creation[CannedResponseInput]) (reply[CannedResponse], error) {
	return showCannedResponse(a.canned.Create(ctx, c.actor(), core.CannedResponse{
		AccountID: c.AccountID, ShortCode: in.Body.ShortCode, Content: in.Body.Content,
	}, c.again))
}

// updateCannedResponse serves PATCH /v1/canned_responses/{id}.
func (a *API) updateCannedResponse(ctx context.Context, c *caller, in *Change[CannedResponsePatch]) (reply[CannedResponse], error) {
	may := unchanged[core.CannedResponse](c)
	return showCannedResponse(a.canned.Update(ctx, c.actor(), c.AccountID, in.ID, func(r *core.CannedResponse) error {
		if err := may.Of(*r); err != nil {
			return err
		}
		if err := in.Body.ShortCode.changeTo(&r.ShortCode, "short_code"); err != nil {
			return err
		}
		return in.Body.Content.changeTo(&r.Content, "content")
	}))
}

// deleteCannedResponse serves DELETE /v1/canned_responses/{id}.
func (a *API) deleteCannedResponse(ctx context.Context, c *caller, in *ByID) error {
	return a.canned.Delete(ctx, c.actor(), c.AccountID, in.ID, unchanged[core.CannedResponse](c))
}
