package api

import (
	"context"

	"parley/internal/core"
)

// Profile is a named set of permissions, which agents are given.
type Profile struct {
	ID          int64    `json:"id"`
	Name        string   `json:"name"`
	UniqueName  string   `json:"unique_name"`
	Permissions []string `json:"permissions"`
	CreatedAt   Time     `json:"created_at"`
}

// ProfileInput is what a profile is made of.
type ProfileInput struct {
	Name        string   `json:"name" minLength:"1" maxLength:"255"`
	UniqueName  string   `json:"unique_name" minLength:"1" maxLength:"255" doc:"No other profile of the account has it."`
	Permissions []string `json:"permissions,omitempty" maxItems:"100" minLength:"1" maxLength:"255" doc:"staff and labels open what manages the account. Any other, assignments, answers and reports among them, is kept and opens nothing here."`
}

// ProfilePatch is a change of a profile.
type ProfilePatch struct {
	Name        Optional[string]   `json:"name,omitzero" minLength:"1" maxLength:"255"`
	UniqueName  Optional[string]   `json:"unique_name,omitzero" minLength:"1" maxLength:"255"`
	Permissions Optional[[]string] `json:"permissions,omitzero" maxItems:"100" minLength:"1" maxLength:"255" doc:"Its only ones from now on."`
}

func toProfile(p *core.Profile) Profile {
	return Profile{
		ID: p.ID, Name: p.Name, UniqueName: p.UniqueName, Permissions: orEmpty(p.Permissions), CreatedAt: Time(p.CreatedAt),
	}
}

func showProfile(p core.Profile, err error) (reply[Profile], error) {
	return reply[Profile]{body: toProfile(&p), record: p, location: address("/v1/profiles/", p.ID)}, err
}

func (a *API) profileOperations() {
	n := names{unique: "unique_name"}
	read(a, op{path: "/v1/profiles", id: "listProfiles", tag: "Profiles", summary: "List the profiles"}, a.listProfiles)
	read(a, op{path: "/v1/profiles/{id}", id: "getProfile", tag: "Profiles", summary: "Read a profile"}, a.getProfile)
	create(a, op{path: "/v1/profiles", id: "createProfile", tag: "Profiles", summary: "Make a profile", permit: core.PermitStaff, names: n}, a.createProfile)
	update(a, op{method: "PATCH", path: "/v1/profiles/{id}", id: "updateProfile", tag: "Profiles", summary: "Change a profile", permit: core.PermitStaff, names: n}, a.updateProfile)
	remove(a, op{path: "/v1/profiles/{id}", id: "deleteProfile", tag: "Profiles", summary: "Delete a profile, and take it from its agents", permit: core.PermitStaff}, a.deleteProfile)
}

// listProfiles serves GET /v1/profiles.
func (a *API) listProfiles(ctx context.Context, c *caller, in *PageOf) (reply[List[Profile]], error) {
	return listByID(in, "profiles", func(after int64, limit int) ([]core.Profile, error) {
		return a.accounts.PageProfiles(ctx, c.AccountID, after, limit)
	}, func(p *core.Profile) int64 { return p.ID }, toProfile)
}

// getProfile serves GET /v1/profiles/{id}.
func (a *API) getProfile(ctx context.Context, c *caller, in *ByID) (reply[Profile], error) {
	return showProfile(a.accounts.Profile(ctx, c.AccountID, in.ID))
}

// createProfile serves POST /v1/profiles.
func (a *API) createProfile(ctx context.Context, c *caller, in *Creation[ProfileInput]) (reply[Profile], error) {
	return showProfile(a.accounts.CreateProfile(ctx, c.actor(), core.Profile{
		AccountID: c.AccountID, Name: in.Body.Name, UniqueName: in.Body.UniqueName, Permissions: in.Body.Permissions,
	}, c.again))
}

// updateProfile serves PATCH /v1/profiles/{id}.
func (a *API) updateProfile(ctx context.Context, c *caller, in *Change[ProfilePatch]) (reply[Profile], error) {
	may, b := unchanged[core.Profile](c), &in.Body
	return showProfile(a.accounts.UpdateProfile(ctx, c.actor(), c.AccountID, in.ID, func(p *core.Profile) error {
		if err := may.Of(*p); err != nil {
			return err
		}
		if err := b.Name.changeTo(&p.Name, "name"); err != nil {
			return err
		}
		if err := b.UniqueName.changeTo(&p.UniqueName, "unique_name"); err != nil {
			return err
		}
		return b.Permissions.changeTo(&p.Permissions, "permissions")
	}))
}

// deleteProfile serves DELETE /v1/profiles/{id}.
func (a *API) deleteProfile(ctx context.Context, c *caller, in *ByID) error {
	return a.accounts.DeleteProfile(ctx, c.actor(), c.AccountID, in.ID, unchanged[core.Profile](c))
}
