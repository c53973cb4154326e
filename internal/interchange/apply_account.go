package interchange

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"

	"parley/internal/core"
	"parley/internal/store"
)

// The key of opaque ids is a setting of the installation, kept as base64 text.
const (
	idKeySetting = "id_key"
	idKeyBytes   = 64
)

var (
	errIDKey         = fmt.Errorf("id_key must be %d bytes in base64", idKeyBytes)
	errOtherIDKey    = errors.New("there are accounts already, and their ids are encrypted under another key; leave the line out to import the accounts alone")
	errTwoTokens     = errors.New("gives both token and token_hash")
	errNoToken       = errors.New("needs a token or a token_hash")
	errToken         = errors.New("token must be 16 to 200 printable ASCII characters")
	errTokenHash     = errors.New("token_hash must be the SHA-256 of a token in 64 lower-case hexadecimal digits")
	errTokenTaken    = errors.New("the token is in use under another name")
	errUserNameTaken = errors.New("the user_name is taken by another agent")
	errTakenInAny    = errors.New("the identifier is taken by another inbox")
	tokenForm        = regexp.MustCompile(`^[!-~][ -~]{14,198}[!-~]$`)
	tokenHashForm    = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// The natural keys, as reasons name them.
const (
	keyOfUUID       = "the uuid"
	keyOfEmail      = "the email"
	keyOfIdentifier = "the identifier"
	keyOfPhone      = "the phone"
	keyOfAddress    = "the address"
	keyOfSource     = "the source_id"
	keyOfName       = "the name"
	keyOfUniqueName = "the unique_name"
	keyOfTitle      = "the title"
	keyOfShortCode  = "the short_code"
	keyOfKey        = "applies_to and the key"
	keyOfURL        = "the url"
	keyOfExternalID = "the external_id"
	keyOfDisplayID  = "the display_id"
)

// sameUUID tells whether a record is the row that has its id: by their UUIDs
// when the file gives one, which no change of the row touches, and by their
// natural keys otherwise.
func sameUUID(given, held string, byKey bool) bool {
	if given != "" {
		return given == held
	}
	return byKey
}

// found is what the claims' functions return of a Find method.
func found(id int64, key string, ok bool, err error) (int64, string, error) {
	if err != nil || !ok {
		return 0, "", err
	}
	return id, key, nil
}

// isSame turns an absent row into "no".
func isSame(same bool, err error) (bool, error) {
	if err != nil && core.KindOf(err) == core.NotFound {
		return false, nil
	}
	return same && err == nil, err
}

func (a *applier) installation(ctx context.Context, r *installationRecord) (bool, error) {
	key, err := base64.StdEncoding.DecodeString(r.IDKey)
	if err != nil || len(key) != idKeyBytes {
		return false, errIDKey
	}
	held, _, err := a.tx.FindSetting(ctx, idKeySetting)
	if err != nil || held == r.IDKey {
		return false, err
	}
	accounts, err := a.tx.ListAccounts(ctx, 0, 1)
	if err != nil {
		return false, err
	}
	if len(accounts) > 0 {
		if a.im.opts.Remap {
			return false, nil // the ids change anyway
		}
		return false, errOtherIDKey
	}
	return true, a.tx.PutSetting(ctx, idKeySetting, r.IDKey)
}

func (a *applier) accountRow(ctx context.Context, l *line, r *accountRecord) (bool, error) {
	account := r.account(a.im.now)
	v, err := a.settle(ctx, l, &claim{
		place: r.self(),
		noun:  "account",
		same: func(ctx context.Context) (bool, error) {
			held, err := a.tx.Account(ctx, r.ID)
			return isSame(sameUUID(r.UUID, held.UUID, r.Name == held.Name), err)
		},
		natural: func(ctx context.Context) (int64, string, error) {
			held, ok, err := a.tx.FindAccountByUUID(ctx, account.UUID)
			return found(held.ID, keyOfUUID, ok, err)
		},
		keys:  "a uuid",
		keyed: r.UUID != "",
		uuid:  &account.UUID,
	})
	if err != nil {
		return false, err
	}
	id := v.id
	if !v.exists {
		account.ID, account.Epoch = v.id, core.NewEpoch()
		if err := a.tx.InsertAccount(ctx, &account); err != nil {
			return false, err
		}
		id = account.ID
		if err := putNumber(ctx, a.tx, id, stagedCount, 0, 1); err != nil {
			return false, err
		}
		if err := a.assigned(ctx, r.self(), id); err != nil {
			return false, err
		}
	}
	a.out.touched = append(a.out.touched, id)
	if r.ID != 0 {
		a.out.accounts[r.ID] = id
	}
	return !v.exists, nil
}

func (a *applier) profile(ctx context.Context, l *line, r *profileRecord) (bool, error) {
	v, err := a.named(ctx, l, r, keyOfUniqueName, func(ctx context.Context) (int64, bool, error) {
		held, ok, err := a.tx.FindProfileByUniqueName(ctx, a.account, r.UniqueName)
		return held.ID, ok, err
	})
	if err != nil || v.exists {
		return false, err
	}
	profile := r.profile(a.im.now)
	profile.ID, profile.AccountID = v.id, a.account
	if err := a.tx.InsertProfile(ctx, &profile); err != nil {
		return false, err
	}
	return true, a.assigned(ctx, r.self(), profile.ID)
}

func (a *applier) agent(ctx context.Context, l *line, r *agentRecord) (bool, error) {
	agent := r.agent(a.im.now)
	agent.AccountID = a.account
	v, err := a.settle(ctx, l, &claim{
		place: r.self(),
		noun:  "agent",
		same: func(ctx context.Context) (bool, error) {
			held, err := a.tx.Agent(ctx, a.account, r.ID)
			return isSame(sameUUID(r.UUID, held.UUID, agent.Email == "" || agent.Email == held.Email), err)
		},
		natural: func(ctx context.Context) (int64, string, error) {
			if held, ok, err := a.tx.FindAgentByEmail(ctx, a.account, agent.Email); ok || err != nil {
				return found(held.ID, keyOfEmail, ok, err)
			}
			if agent.UUID == "" {
				return 0, "", nil
			}
			held, ok, err := a.tx.FindAgentByUUID(ctx, a.account, agent.UUID)
			return found(held.ID, keyOfUUID, ok, err)
		},
		keys:  "an email",
		keyed: agent.Email != "",
		uuid:  &agent.UUID,
	})
	if err != nil || v.exists {
		return false, err
	}
	agent.ID, agent.ProfileIDs = v.id, nil
	if _, taken, err := a.tx.FindAgentByUserName(ctx, a.account, agent.UserName); err != nil || taken {
		return false, errors.Join(err, errUserNameTaken)
	}
	for _, id := range r.ProfileIDs {
		to, err := a.inAccount(ctx, "profile_ids", place{store.ProfileIDs, id})
		if err != nil {
			return false, err
		}
		agent.ProfileIDs = append(agent.ProfileIDs, to)
	}
	if agent.IdentityID, err = a.ownIdentity(ctx, r.IdentityID); err != nil {
		return false, err
	}
	if err := a.tx.InsertAgent(ctx, &agent); err != nil {
		return false, err
	}
	if r.IdentityID == 0 {
		if err := putNumber(ctx, a.tx, a.account, stagedOwnIdentity, agent.IdentityID, agent.ID); err != nil {
			return false, err
		}
	}
	if err := a.assigned(ctx, place{store.IdentityIDs, r.IdentityID}, agent.IdentityID); err != nil {
		return false, err
	}
	return true, a.assigned(ctx, r.self(), agent.ID)
}

// ownIdentity chooses the id of a new agent's own identity.
func (a *applier) ownIdentity(ctx context.Context, given int64) (int64, error) {
	if given == 0 {
		return a.freshID(ctx, store.IdentityIDs)
	}
	owner, taken := a.owners[store.IdentityIDs][given]
	if !taken {
		return given, nil
	}
	v, err := a.contested(ctx, &claim{place: place{store.IdentityIDs, given}}, owner)
	if err != nil {
		err = fmt.Errorf("identity_id: %w", err)
	}
	return v.id, err
}

func (a *applier) token(ctx context.Context, l *line, r *tokenRecord) (bool, error) {
	if err := checkToken(r); err != nil {
		return false, err
	}
	token := r.token(a.im.now)
	v, err := a.settle(ctx, l, &claim{
		place: r.self(),
		noun:  "token",
		same: func(ctx context.Context) (bool, error) {
			held, ok, err := a.tx.FindTokenByName(ctx, a.account, r.Name)
			return ok && held.ID == r.ID, err
		},
		natural: func(ctx context.Context) (int64, string, error) {
			held, ok, err := a.tx.FindTokenByName(ctx, a.account, r.Name)
			return found(held.ID, keyOfName, ok, err)
		},
		keyed: true,
	})
	if err != nil || v.exists {
		return false, err
	}
	if _, taken, err := a.tx.FindTokenByHash(ctx, token.Hash); err != nil || taken {
		return false, errors.Join(err, errTokenTaken)
	}
	token.ID, token.AccountID = v.id, a.account
	if token.AgentID, err = a.agentRef(ctx, "agent_id", r.AgentID); err != nil {
		return false, err
	}
	if err := a.tx.InsertToken(ctx, &token); err != nil {
		return false, err
	}
	return true, a.assigned(ctx, r.self(), token.ID)
}

func checkToken(r *tokenRecord) error {
	switch {
	case r.Token != "" && r.TokenHash != "":
		return errTwoTokens
	case r.Token != "" && !tokenForm.MatchString(r.Token):
		return errToken
	case r.TokenHash != "" && !tokenHashForm.MatchString(r.TokenHash):
		return errTokenHash
	case r.Token == "" && r.TokenHash == "":
		return errNoToken
	}
	return nil
}

// named is settle for the kinds whose only natural key is a name: the row with
// the id is the record when it is the row with the name.
func (a *applier) named(ctx context.Context, l *line, r record, key string, find func(ctx context.Context) (int64, bool, error)) (verdict, error) {
	return a.settle(ctx, l, &claim{
		place: r.self(),
		noun:  r.kind().String(),
		same: func(ctx context.Context) (bool, error) {
			id, ok, err := find(ctx)
			return ok && id == r.self().id, err
		},
		natural: func(ctx context.Context) (int64, string, error) {
			id, ok, err := find(ctx)
			return found(id, key, ok, err)
		},
		keyed: true,
	})
}

func (a *applier) team(ctx context.Context, l *line, r *teamRecord) (bool, error) {
	v, err := a.named(ctx, l, r, keyOfName, func(ctx context.Context) (int64, bool, error) {
		held, ok, err := a.tx.FindTeamByName(ctx, a.account, r.Name)
		return held.ID, ok, err
	})
	if err != nil || v.exists {
		return false, err
	}
	team := r.team(a.im.now)
	team.ID, team.AccountID, team.AgentIDs = v.id, a.account, nil
	if team.AgentIDs, err = a.agentRefs(ctx, "agent_ids", r.AgentIDs); err != nil {
		return false, err
	}
	if err := a.tx.InsertTeam(ctx, &team); err != nil {
		return false, err
	}
	return true, a.assigned(ctx, r.self(), team.ID)
}

func (a *applier) labelGroup(ctx context.Context, l *line, r *labelGroupRecord) (bool, error) {
	v, err := a.named(ctx, l, r, keyOfName, func(ctx context.Context) (int64, bool, error) {
		held, ok, err := a.tx.FindLabelGroupByName(ctx, a.account, r.Name)
		return held.ID, ok, err
	})
	if err != nil || v.exists {
		return false, err
	}
	group := r.labelGroup(a.im.now)
	group.ID, group.AccountID = v.id, a.account
	if err := a.tx.InsertLabelGroup(ctx, &group); err != nil {
		return false, err
	}
	return true, a.assigned(ctx, r.self(), group.ID)
}

func (a *applier) label(ctx context.Context, l *line, r *labelRecord) (bool, error) {
	v, err := a.named(ctx, l, r, keyOfTitle, func(ctx context.Context) (int64, bool, error) {
		held, ok, err := a.tx.FindLabelByTitle(ctx, a.account, r.Title)
		return held.ID, ok, err
	})
	if err != nil || v.exists {
		return false, err
	}
	label := r.label(a.im.now)
	label.ID, label.AccountID = v.id, a.account
	if label.GroupID, err = a.inAccount(ctx, "group_id", place{store.LabelGroupIDs, r.GroupID}); err != nil {
		return false, err
	}
	if err := a.tx.InsertLabel(ctx, &label); err != nil {
		return false, err
	}
	return true, a.assigned(ctx, r.self(), label.ID)
}

func (a *applier) cannedResponse(ctx context.Context, l *line, r *cannedResponseRecord) (bool, error) {
	v, err := a.named(ctx, l, r, keyOfShortCode, func(ctx context.Context) (int64, bool, error) {
		held, ok, err := a.tx.FindCannedResponse(ctx, a.account, r.ShortCode)
		return held.ID, ok, err
	})
	if err != nil || v.exists {
		return false, err
	}
	canned := r.cannedResponse(a.im.now)
	canned.ID, canned.AccountID = v.id, a.account
	if err := a.tx.InsertCannedResponse(ctx, &canned); err != nil {
		return false, err
	}
	return true, a.assigned(ctx, r.self(), canned.ID)
}

func (a *applier) attributeDefinition(ctx context.Context, l *line, r *attributeDefinitionRecord) (bool, error) {
	v, err := a.named(ctx, l, r, keyOfKey, func(ctx context.Context) (int64, bool, error) {
		held, ok, err := a.tx.FindAttributeDefinition(ctx, a.account, core.AppliesTo(r.AppliesTo), r.Key)
		return held.ID, ok, err
	})
	if err != nil || v.exists {
		return false, err
	}
	definition := r.attributeDefinition(a.im.now)
	definition.ID, definition.AccountID = v.id, a.account
	if err := definition.Check(); err != nil {
		return false, err
	}
	if err := a.tx.InsertAttributeDefinition(ctx, &definition); err != nil {
		return false, err
	}
	return true, a.assigned(ctx, r.self(), definition.ID)
}

func (a *applier) webhook(ctx context.Context, l *line, r *webhookRecord) (bool, error) {
	v, err := a.named(ctx, l, r, keyOfURL, func(ctx context.Context) (int64, bool, error) {
		held, ok, err := a.tx.FindWebhookByURL(ctx, a.account, r.URL)
		return held.ID, ok, err
	})
	if err != nil || v.exists {
		return false, err
	}
	hook := r.webhook(a.im.now)
	hook.ID, hook.AccountID = v.id, a.account
	if err := a.tx.InsertWebhook(ctx, &hook); err != nil {
		return false, err
	}
	return true, a.assigned(ctx, r.self(), hook.ID)
}
