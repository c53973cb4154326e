package sqlstore

import (
	"context"

	"parley/internal/core"
)

var (
	findSettingSQL = "SELECT value FROM settings WHERE name = $1"
	putSettingSQL  = "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value"

	accounts           = newSource(accountTable)
	accountSQL         = accountTable.selectFrom("WHERE id = $1")
	listAccountsSQL    = accountTable.selectFrom("WHERE id > $1 ORDER BY id LIMIT $2")
	findAccountUUIDSQL = "SELECT account_id FROM account_uuids WHERE uuid = $1"
	putAccountUUIDSQL  = "INSERT INTO account_uuids (uuid, account_id) VALUES ($1, $2)"
	updateAccountSQL   = "UPDATE accounts SET name = $2, locale = $3, timezone = $4, settings = $5, epoch = $6, updated_at = $7 WHERE id = $1"

	agents             = newSharedSource(agentTable, SpacePerson)
	agentSQL           = agentTable.selectFrom("WHERE account_id = $1 AND id = $2")
	agentByUUIDSQL     = agentTable.selectFrom("WHERE account_id = $1 AND uuid = $2")
	agentByIdentitySQL = agentTable.selectFrom("WHERE account_id = $1 AND identity_id = $2")
	agentByEmailSQL    = agentTable.selectFrom("WHERE account_id = $1 AND email = $2 AND email <> ''")
	agentsByIDSQL      = byIDs(agentTable)
	agentByUserName    = agentTable.selectFrom("WHERE account_id = $1 AND user_name = $2 AND user_name <> ''")
	personTakenSQL     = "SELECT 1 FROM agents WHERE account_id = $1 AND id = $2 UNION ALL SELECT 1 FROM contacts WHERE account_id = $1 AND id = $2"
	identityTakenSQL   = "SELECT 1 FROM agents WHERE account_id = $1 AND identity_id = $2 UNION ALL SELECT 1 FROM identities WHERE account_id = $1 AND id = $2"
	tokens             = newSource(tokenTable)
	tokenSQL           = tokenTable.selectFrom("WHERE account_id = $1 AND id = $2")
	tokenByNameSQL     = tokenTable.selectFrom("WHERE account_id = $1 AND name = $2")
	findTokenHashSQL   = "SELECT account_id, token_id FROM token_hashes WHERE hash = $1"
	putTokenHashSQL    = "INSERT INTO token_hashes (hash, account_id, token_id) VALUES ($1, $2, $3)"
	updateTokenFields  = tokenTable.updateAll("hash")
)

// byIDs makes the statements that read the rows of a list of ids, by the
// list's padded length.
func byIDs(t table) map[int]string {
	return bySizes(func(size int) string {
		return t.selectFrom("WHERE account_id = $1 AND id IN (" + placeholders(2, size) + ")")
	})
}

// bySizes makes a statement for each padded length of a list of ids.
func bySizes(text func(size int) string) map[int]string {
	texts := map[int]string{}
	for _, size := range idSizes {
		texts[size] = text(size)
	}
	return texts
}

// FindSetting implements store.Installation.
func (r reader) FindSetting(ctx context.Context, name string) (string, bool, error) {
	return find(ctx, r.checked, new(line), findSettingSQL, name)
}

// PutSetting implements store.Tx.
func (t *tx) PutSetting(ctx context.Context, name, value string) error {
	_, err := t.exec(ctx, putSettingSQL, keyText(name), value)
	return err
}

// Account implements store.Accounts.
func (r reader) Account(ctx context.Context, id int64) (core.Account, error) {
	return get(ctx, r.checked, new(accountRow), "account", accountSQL, id)
}

// FindAccountByUUID implements store.Accounts.
func (r reader) FindAccountByUUID(ctx context.Context, uuid string) (core.Account, bool, error) {
	account, ok, err := find(ctx, r.checked, new(number), findAccountUUIDSQL, uuid)
	if err != nil || !ok {
		return core.Account{}, false, err
	}
	return find(ctx, r.checked, new(accountRow), accountSQL, account)
}

// ListAccounts implements store.Accounts.
func (r reader) ListAccounts(ctx context.Context, after int64, limit int) ([]core.Account, error) {
	return page(ctx, r.checked, new(accountRow), limit, listAccountsSQL, after)
}

// InsertAccount implements store.Tx.
func (t *tx) InsertAccount(ctx context.Context, a *core.Account) error {
	v := *a
	v.UUID = t.give(v.UUID)
	id, err := t.insert(ctx, accounts, accountArgs(&v))
	if err != nil {
		return err
	}
	if _, err := t.exec(ctx, putAccountUUIDSQL, v.UUID, id); err != nil {
		return err
	}
	v.ID = id
	*a = v
	return nil
}

// UpdateAccount implements store.Tx.
func (t *tx) UpdateAccount(ctx context.Context, a core.Account) error {
	n, err := t.exec(ctx, updateAccountSQL, a.ID, a.Name, a.Locale, a.Timezone, string(a.Settings), a.Epoch, a.UpdatedAt)
	if err == nil && n == 0 {
		err = core.Absent("account")
	}
	return err
}

// Agent implements store.Agents.
func (r reader) Agent(ctx context.Context, account, id int64) (core.Agent, error) {
	return get(ctx, r.checked, new(agentRow), "agent", agentSQL, account, id)
}

// AgentsByID implements store.Agents.
func (r reader) AgentsByID(ctx context.Context, account int64, ids []int64) ([]core.Agent, error) {
	return listByIDs(ctx, r.checked, new(agentRow), agentsByIDSQL, account, ids)
}

// listByIDs runs the statement of texts that fits the number of ids.
func listByIDs[T any](ctx context.Context, c checked, r row[T], texts map[int]string, account int64, ids []int64) ([]T, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	if err := checkIDCount(ids); err != nil {
		return nil, err
	}
	given := padded(ids)
	return list(ctx, c, r, texts[len(given)], append([]any{account}, given...)...)
}

// FindAgentByUUID implements store.Agents.
func (r reader) FindAgentByUUID(ctx context.Context, account int64, uuid string) (core.Agent, bool, error) {
	return find(ctx, r.checked, new(agentRow), agentByUUIDSQL, account, uuid)
}

// FindAgentByIdentity implements store.Agents.
func (r reader) FindAgentByIdentity(ctx context.Context, account, identity int64) (core.Agent, bool, error) {
	return find(ctx, r.checked, new(agentRow), agentByIdentitySQL, account, identity)
}

// FindAgentByEmail implements store.Agents.
func (r reader) FindAgentByEmail(ctx context.Context, account int64, email string) (core.Agent, bool, error) {
	return find(ctx, r.checked, new(agentRow), agentByEmailSQL, account, email)
}

// FindAgentByUserName implements store.Agents.
func (r reader) FindAgentByUserName(ctx context.Context, account int64, userName string) (core.Agent, bool, error) {
	return find(ctx, r.checked, new(agentRow), agentByUserName, account, userName)
}

// InsertAgent implements store.Tx.
func (t *tx) InsertAgent(ctx context.Context, a *core.Agent) error {
	v := *a
	v.UUID = t.give(v.UUID)
	// Before the first statement: taking an id is a write already.
	if err := checkArgs(agentArgs(&v)); err != nil {
		return err
	}
	if err := t.refuseTaken(ctx, personTakenSQL, "person id", v.AccountID, v.ID); err != nil {
		return err
	}
	if err := t.refuseTaken(ctx, identityTakenSQL, "identity id", v.AccountID, v.IdentityID); err != nil {
		return err
	}
	if v.IdentityID == 0 {
		next, err := t.engine.NextID(ctx, t.q, SpaceIdentity)
		if err != nil {
			return t.classify(err)
		}
		v.IdentityID = next
	} else if err := t.lift(ctx, SpaceIdentity, v.IdentityID); err != nil {
		return err
	}
	id, err := t.insert(ctx, agents, agentArgs(&v))
	if err != nil {
		return err
	}
	v.ID = id
	*a = v
	return nil
}

// refuseTaken looks for a given id in both tables of a space, which no unique
// index can span.
func (t *tx) refuseTaken(ctx context.Context, sql, what string, account, id int64) error {
	if id == 0 {
		return nil
	}
	_, taken, err := find(ctx, t.checked, new(number), sql, account, id)
	if err == nil && taken {
		err = core.Taken(what)
	}
	return err
}

// Token implements store.Tokens.
func (r reader) Token(ctx context.Context, account, id int64) (core.Token, error) {
	return get(ctx, r.checked, new(tokenRow), "token", tokenSQL, account, id)
}

// FindTokenByHash implements store.Tokens.
func (r reader) FindTokenByHash(ctx context.Context, hash string) (core.Token, bool, error) {
	at, ok, err := find(ctx, r.checked, new(pair), findTokenHashSQL, hash)
	if err != nil || !ok {
		return core.Token{}, false, err
	}
	return find(ctx, r.checked, new(tokenRow), tokenSQL, at.a, at.b)
}

// FindTokenByName implements store.Tokens.
func (r reader) FindTokenByName(ctx context.Context, account int64, name string) (core.Token, bool, error) {
	return find(ctx, r.checked, new(tokenRow), tokenByNameSQL, account, name)
}

// InsertToken implements store.Tx.
func (t *tx) InsertToken(ctx context.Context, k *core.Token) error {
	id, err := t.insert(ctx, tokens, tokenArgs(k))
	if err != nil {
		return err
	}
	if _, err := t.exec(ctx, putTokenHashSQL, k.Hash, k.AccountID, id); err != nil {
		return err
	}
	k.ID = id
	return nil
}

// UpdateToken implements store.Tx.
func (t *tx) UpdateToken(ctx context.Context, k core.Token) error {
	return t.set(ctx, "token", updateTokenFields, tokenArgs(&k))
}
