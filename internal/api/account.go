package api

import (
	"context"

	"parley/internal/core"
)

// Account is the account that the caller's token opens.
type Account struct {
	ID        int64   `json:"id"`
	UUID      string  `json:"uuid"`
	Name      string  `json:"name"`
	Locale    *string `json:"locale" doc:"A BCP 47 tag; null: en."`
	Timezone  *string `json:"timezone" doc:"An IANA name; null: UTC."`
	Settings  Object  `json:"settings"`
	CreatedAt Time    `json:"created_at"`
	UpdatedAt Time    `json:"updated_at"`
}

// AccountPatch is a change of the account.
type AccountPatch struct {
	Name     Optional[string] `json:"name,omitzero" minLength:"1" maxLength:"255"`
	Locale   Optional[string] `json:"locale,omitzero" nullable:"true" maxLength:"80" doc:"A BCP 47 tag."`
	Timezone Optional[string] `json:"timezone,omitzero" nullable:"true" maxLength:"80" doc:"An IANA name."`
	Settings Optional[Object] `json:"settings,omitzero" doc:"Members to set; one that is null goes."`
}

func showAccount(a core.Account, err error) (reply[Account], error) {
	return reply[Account]{body: Account{
		ID: a.ID, UUID: a.UUID, Name: a.Name, Locale: orNull(a.Locale), Timezone: orNull(a.Timezone), Settings: Object(a.Settings),
		CreatedAt: Time(a.CreatedAt), UpdatedAt: Time(a.UpdatedAt),
	}, record: accountState(&a)}, err
}

// accountState is what a body shows of the account: no counters, which move
// with everything that happens.
func accountState(a *core.Account) core.EventData {
	return core.Account{
		ID: a.ID, UUID: a.UUID, Name: a.Name, Locale: a.Locale, Timezone: a.Timezone, Settings: a.Settings,
		CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt,
	}
}

func (a *API) accountOperations() {
	read(a, op{path: "/v1/account", id: "getAccount", tag: "Account", summary: "Read the account"}, a.getAccount)
	update(a, op{method: "PATCH", path: "/v1/account", id: "updateAccount", tag: "Account", summary: "Change the account", permit: core.PermitStaff}, a.updateAccount)
}

// getAccount serves GET /v1/account.
func (a *API) getAccount(ctx context.Context, c *caller, _ *empty) (reply[Account], error) {
	return showAccount(a.accounts.Account(ctx, c.AccountID))
}

// updateAccount serves PATCH /v1/account.
func (a *API) updateAccount(ctx context.Context, c *caller, in *Creation[AccountPatch]) (reply[Account], error) {
	may, b := unchangedAs(c, accountState), &in.Body
	return showAccount(a.accounts.Update(ctx, c.actor(), c.AccountID, func(acc *core.Account) error {
		if err := may.Of(*acc); err != nil {
			return err
		}
		b.Locale.change(&acc.Locale)
		b.Timezone.change(&acc.Timezone)
		patch(&acc.Settings, b.Settings)
		return b.Name.changeTo(&acc.Name, "name")
	}))
}
