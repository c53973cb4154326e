package commbox

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"parley/internal/auth"
	"parley/internal/core"
)

// How long a ticket lets in (an older revision of CommBox's document: a minute
// for its console, five for its apps).
const (
	agentTicketLifetime    = core.Time(60 * 1_000_000)
	customerTicketLifetime = core.Time(5 * 60 * 1_000_000)
)

// maxTicketBytes bounds the text of a ticket that is looked at: more than the
// longest that is made.
const maxTicketBytes = 16 << 10

// maxEncodings is how often a percent sign may have been encoded.
const maxEncodings = 3

// Ticket says who may enter as whom, until when. It is handed to a browser,
// which shows it to the door of a website or of the console.
type Ticket struct {
	ID        string    `json:"id"` // random: tells two tickets of one person apart
	ExpiresAt core.Time `json:"expires_at"`
	// AgentID names the agent; 0: it is a customer's.
	AgentID int64 `json:"agent_id,omitempty"`
	// UniqueID, Email and Phone name the customer; one of them at least is set.
	UniqueID  string `json:"unique_id,omitempty"`
	Email     string `json:"email,omitempty"` // lower case
	Phone     string `json:"phone,omitempty"` // E.164 with +
	FirstName string `json:"first_name,omitempty"`
	LastName  string `json:"last_name,omitempty"`
	Remark    string `json:"remark,omitempty"`
	// Override: what the ticket tells of the customer takes the place of what
	// is known.
	Override bool `json:"override,omitempty"`
	OneTime  bool `json:"one_time,omitempty"`
}

// SealTicket returns the text of a ticket in the alphabet of opaque ids. Only
// an installation with the same key can read or make it, and only for this
// account.
func (o *OpaqueIDs) SealTicket(account int64, t Ticket) (string, error) {
	plain, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("encode ticket: %w", err)
	}
	ad := ticketData(account)
	sealed, err := o.tickets.EncryptDeterministically(plain, ad[:])
	if err != nil {
		return "", fmt.Errorf("encrypt ticket: %w", err)
	}
	return string(appendOpaque(nil, sealed)), nil
}

// OpenTicket returns the ticket that text is. ok is false for what this
// installation did not make for this account, and for a ticket that has
// expired at the given time.
func (o *OpaqueIDs) OpenTicket(account int64, text string, now core.Time) (t Ticket, ok bool) {
	sealed, ok := parseTicket(text)
	if !ok {
		return Ticket{}, false
	}
	ad := ticketData(account)
	plain, err := o.tickets.DecryptDeterministically(sealed, ad[:])
	if err != nil || json.Unmarshal(plain, &t) != nil || now >= t.ExpiresAt {
		return Ticket{}, false
	}
	return t, true
}

func ticketData(account int64) [9]byte {
	var ad [9]byte
	ad[0] = opaqueTicket
	binary.BigEndian.PutUint64(ad[1:], uint64(account))
	return ad
}

// parseTicket undoes appendOpaque, in every spelling of the end.
func parseTicket(text string) ([]byte, bool) {
	if len(text) > maxTicketBytes {
		return nil, false
	}
	for range maxEncodings {
		text = strings.ReplaceAll(text, "%25", "%")
	}
	plain := make([]byte, 0, len(text))
	for text != "" {
		c, size, ok := opaqueByte(text)
		if !ok {
			return nil, false
		}
		plain = append(plain, c)
		text = text[size:]
	}
	sealed, err := base64.StdEncoding.Strict().DecodeString(string(plain))
	return sealed, err == nil
}

// ticketCalls are those about tickets.
func (d *dialect) ticketCalls() []call {
	return []call{{method: "POST", path: "/auth/ticket", serve: d.createTicket}}
}

// ticketBody is what a ticket is asked for with (OpenAPI 2.07; remark in older
// revisions).
type ticketBody struct {
	Brand            wireText `json:"brand"`
	UserName         wireText `json:"username"`
	Email            wireText `json:"email"`
	UniqueID         wireText `json:"uniqueId"`
	FirstName        wireText `json:"firstName"`
	LastName         wireText `json:"lastName"`
	Phone1           wireText `json:"phone1"`
	Remark           wireText `json:"remark"`
	OverrideUserInfo wireBool `json:"overrideUserInfo"`
	OneTimeUse       wireBool `json:"oneTimeUse"`
}

// ticketAnswer is the data of the answer, spelt like this.
type ticketAnswer struct {
	EncryptedString string `json:"encpryptedString"`
}

// createTicket serves POST /auth/ticket for customers and, where there is a
// user name, for agents.
func (d *dialect) createTicket(w http.ResponseWriter, r *http.Request, caller auth.Principal) error {
	var body ticketBody
	if err := readBody(r, &body); err != nil {
		return err
	}
	t, err := body.ticket()
	if err != nil {
		return err
	}
	t.ID, t.ExpiresAt = rand.Text(), d.clock()+customerTicketLifetime
	if body.UserName.S != "" {
		agent, err := d.agentOf(r, caller, body.UserName.S, t.Email)
		if err != nil {
			return err
		}
		t = Ticket{ID: t.ID, ExpiresAt: d.clock() + agentTicketLifetime, AgentID: agent.ID, OneTime: t.OneTime}
	}
	sealed, err := d.ids.SealTicket(caller.AccountID, t)
	if err != nil {
		return err
	}
	return d.answer(w, r, success, ticketAnswer{EncryptedString: sealed})
}

// agentOf returns the agent with the user name, whose e-mail must be told, too:
// CommBox wants it or a phone, which agents do not have here. Entering as an
// agent is to have the agent's rights, so the key needs those of an
// administrator.
func (d *dialect) agentOf(r *http.Request, caller auth.Principal, userName, email string) (core.Agent, error) {
	if !caller.Can(core.ScopeAdmin) {
		return core.Agent{}, &core.Error{Kind: core.Forbidden, Message: "the token lacks the scope " + string(core.ScopeAdmin)}
	}
	a, found, err := d.accounts.FindAgent(r.Context(), caller.AccountID, userName)
	if err != nil {
		return core.Agent{}, err
	}
	if !found || a.Email == "" || !strings.EqualFold(a.Email, email) {
		return core.Agent{}, core.Refuse("username", "no agent has this user name and e-mail")
	}
	return a, nil
}

// ticket checks the body. The lengths are those of CommBox's user fields. The
// brand must be there and says nothing: the key names the account.
func (b *ticketBody) ticket() (Ticket, error) {
	t := Ticket{
		UniqueID: b.UniqueID.S, Email: strings.ToLower(strings.TrimSpace(b.Email.S)), Phone: strings.TrimSpace(b.Phone1.S), FirstName: b.FirstName.S, LastName: b.LastName.S,
		Remark: b.Remark.S, Override: b.OverrideUserInfo.V, OneTime: b.OneTimeUse.V,
	}
	if strings.TrimSpace(b.Brand.S) == "" {
		return Ticket{}, core.Refuse("brand", "a brand is needed")
	}
	if t.UniqueID == "" && t.Email == "" && t.Phone == "" {
		return Ticket{}, core.Refuse("email", "an e-mail, a unique id or a phone is needed")
	}
	if t.Phone != "" {
		digits := strings.TrimPrefix(t.Phone, "+")
		if !allDigits(digits) || len(digits) > 20 || strings.HasPrefix(digits, "0") {
			return Ticket{}, core.Refuse("phone1", "a phone is digits with the country code")
		}
		t.Phone = "+" + digits
	}
	if t.Email != "" && !strings.Contains(t.Email, "@") {
		return Ticket{}, core.Refuse("email", "not an e-mail address")
	}
	for _, limit := range []struct {
		name, text string
		most       int
	}{{"uniqueId", t.UniqueID, 50}, {"email", t.Email, 255}, {"firstName", t.FirstName, 100}, {"lastName", t.LastName, 100}, {"remark", t.Remark, 1000}} {
		if utf8.RuneCountInString(limit.text) > limit.most {
			return Ticket{}, core.Refuse(limit.name, "too long")
		}
	}
	return t, nil
}
