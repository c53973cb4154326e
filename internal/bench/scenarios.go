package bench

import (
	"fmt"
	"net/url"
)

// Keys open the data of a fill to those who ask for it.
type Keys struct {
	// Token is the account's, for everything.
	Token string `json:"token"`
	// AgentTokens are of agents who see some of the inboxes; the first one sees
	// the smallest part.
	AgentTokens []string `json:"agent_tokens"`
	// InboxID and HMACToken sign customer tokens.
	InboxID   int64  `json:"inbox_id"`
	HMACToken string `json:"hmac_token"`
}

// SigningInbox is the inbox whose key signs customer tokens.
const SigningInbox = websiteInbox

// Staff returns the agents that see some of the inboxes, the one with the
// smallest part first.
func Staff() []int64 {
	var staff []int64
	for i := range inboxes {
		staff = append(inboxes[i].AgentIDs[:len(inboxes[i].AgentIDs):len(inboxes[i].AgentIDs)], staff...)
	}
	return staff
}

// Targets returns what can be asked of the data.
func (f Filled) Targets(keys Keys) Targets {
	return Targets{
		Fill: &f, Scenarios: f.Scenarios(keys),
		Live: &LiveTargets{
			Keys:          keys,
			Contacts:      Series{First: firstContact, Count: f.contacts()},
			Conversations: int64(f.Conversations),
		},
	}
}

// Scenarios returns the conversation reads over the data, and two writes: of
// each contact, and of each conversation, as often as of any other.
func (f Fill) Scenarios(keys Keys) []Scenario {
	bearer := map[string]string{"Authorization": "Bearer " + keys.Token}
	scenarios := f.dialectScenarios(bearer, keys.Token)
	unread := f.ofContacts("/v1/contacts/", 0, f.contacts(), "/unread")
	scenarios = append(scenarios,
		Scenario{Name: "v1-unread", Headers: bearer, Paths: unread, Contains: `"total":`},
		Scenario{Name: "v1-304", Headers: bearer, Paths: unread, Contains: `"total":`, Revalidates: true},
	)
	scenarios = append(scenarios, f.searches(bearer, keys)...)
	return append(
		scenarios,
		Scenario{
			Name: "commbox-child", Headers: bearer, Paths: f.objects("/child"),
			Body: `{"Message":"` + said + `"}`, Contains: `"id":`,
		},
		Scenario{
			Name: "v1-message", Headers: bearer, Paths: []Series{{Prefix: messagesPrefix, First: 1, Count: int64(f.Conversations), Suffix: messagesSuffix}},
			Body: messageBody, Contains: `"id":`,
		},
	)
}

// What is said, and where.
const (
	said           = "Hello, where is my order? It was due yesterday."
	messageBody    = `{"sender":{"type":"contact"},"content":"` + said + `"}`
	messagesPrefix = "/v1/conversations/"
	messagesSuffix = "/messages"
)

// dialectScenarios are the reads of the foreign APIs.
func (f Fill) dialectScenarios(bearer map[string]string, token string) []Scenario {
	apiKey := map[string]string{"x-api-key": token}
	identities := func(query string) []Series {
		return f.ofContacts("/v2/users/identities/", 0, f.contacts(), "/objects"+query)
	}
	const uncodie = "/api/agents/customerSupport/conversations?"
	people := f.ofContacts(uncodie+"lead_id="+contactUUID, uuidDigits, f.known(), "")
	if anonymous := f.contacts() - f.known(); anonymous > 0 {
		people = append(people, Series{Prefix: uncodie + "visitor_id=" + identityUUID, First: firstContact + f.known(), Count: anonymous, Digits: uuidDigits})
	}
	return []Scenario{
		{Name: "commbox-objects", Headers: bearer, Paths: identities(""), Contains: `"objectId":`},
		{Name: "commbox-objects-newest", Headers: bearer, Paths: identities("?includeChilds=false"), Contains: `"objectId":`},
		{Name: "commbox-object", Headers: bearer, Paths: f.objects(""), Contains: `"objectId":`},
		{Name: "commbox-object-childs", Headers: bearer, Paths: f.objects("?includeChilds=true"), Contains: `"objectId":`},
		{Name: "chatwoot-conversations", Paths: f.chats(), Contains: `"messages":[{`},
		{Name: "uncodie-conversations", Headers: apiKey, Paths: people, Contains: `"last_message":{`},
		{Name: "uncodie-site", Headers: apiKey, Paths: []Series{{Prefix: uncodie + "site_id=" + accountUUID}}, Contains: `"last_message":{`},
	}
}

// ofContacts is a series over the first contacts.
func (Fill) ofContacts(prefix string, digits int, count int64, suffix string) []Series {
	return []Series{{Prefix: prefix, First: firstContact, Count: count, Digits: digits, Suffix: suffix}}
}

// chats are the conversations of each contact at the inbox where it came in.
func (f Fill) chats() []Series {
	var all []Series
	for _, part := range f.parts(f.contacts()) {
		all = append(all, Series{
			Prefix: "/public/api/v1/inboxes/" + inboxes[part.inbox-1].Identifier + "/contacts/" + sourceUUID,
			First:  firstContact + part.from, Count: part.count, Digits: uuidDigits, Suffix: "/conversations",
		})
	}
	return all
}

// objects are all conversations, each below the inbox that it is in.
func (f Fill) objects(suffix string) []Series {
	var all []Series
	// Conversations are dealt out to the contacts in turn.
	for dealt := int64(0); dealt < int64(f.Conversations); dealt += f.contacts() {
		for _, part := range f.parts(min(f.contacts(), int64(f.Conversations)-dealt)) {
			all = append(all, Series{
				Prefix: fmt.Sprintf("/streams/%d/objects/", part.inbox), First: dealt + part.from + 1, Count: part.count, Suffix: suffix,
			})
		}
	}
	return all
}

// part is some contacts of an inbox, one behind the other.
type part struct{ inbox, from, count int64 }

// parts are the first n contacts, inbox by inbox.
func (f Fill) parts(n int64) []part {
	outlet := min(f.outlet(), n)
	var all []part
	for _, p := range []part{{outletInbox, 0, outlet}, {websiteInbox, outlet, n - outlet}} {
		if p.count > 0 {
			all = append(all, p)
		}
	}
	return all
}

// What is searched for. The words are those of the texts: all of the common ones
// stand in some ten thousands of a million messages.
var (
	commonWords = []string{"order", "parcel", "refund", "address", "voucher", "confirmation", "jacket"}
	prefixes    = []string{"ord", "deliv", "inv", "conf", "par", orderPrefix + "0000", orderPrefix + "00000"}
	phrases     = []string{`"left our warehouse"`, `"banks usually take"`, `"tracking page has not moved"`, `"size smaller"`, `"from nine to five"`}
)

// searches are those of messages by their words, of the account and of the agent
// who sees the smallest part.
func (f Fill) searches(bearer map[string]string, keys Keys) []Scenario {
	const path = "/v1/search?q="
	each := func(texts []string, end string) []Series {
		var all []Series
		for _, text := range texts {
			all = append(all, Series{Prefix: path + url.QueryEscape(text+end)})
		}
		return all
	}
	common := each(commonWords, " ") // a blank behind a word says that it is whole
	rare := []Series{order(path, 1, int64(f.Conversations))}
	all := []Scenario{
		{Name: "v1-search-common", Headers: bearer, Paths: common},
		{Name: "v1-search-rare", Headers: bearer, Paths: rare},
		{Name: "v1-search-prefix", Headers: bearer, Paths: each(prefixes, "")},
		{Name: "v1-search-phrase", Headers: bearer, Paths: each(phrases, "")},
	}
	if len(keys.AgentTokens) > 0 {
		agent := map[string]string{"Authorization": "Bearer " + keys.AgentTokens[0]}
		all = append(
			all,
			Scenario{Name: "v1-search-agent-common", Headers: agent, Paths: common},
			Scenario{Name: "v1-search-agent-rare", Headers: agent, Paths: f.outletOrders(path)},
			Scenario{Name: "v1-search-agent-prefix", Headers: agent, Paths: each(prefixes, "")},
			Scenario{Name: "v1-search-agent-phrase", Headers: agent, Paths: each(phrases, "")},
		)
	}
	for i := range all {
		all[i].Contains, all[i].Settled = `"data":[`, `"incomplete":false`
	}
	return all
}

// order searches for the orders of some conversations.
func order(path string, first, count int64) Series {
	return Series{Prefix: path + orderPrefix, First: first, Count: count, Digits: orderDigits, Suffix: "+"}
}

// outletOrders searches for the orders that are spoken of in the outlet's inbox.
func (f Fill) outletOrders(path string) []Series {
	var all []Series
	for dealt := int64(0); dealt < int64(f.Conversations); dealt += f.contacts() {
		if count := min(f.outlet(), int64(f.Conversations)-dealt); count > 0 {
			all = append(all, order(path, dealt+1, count))
		}
	}
	return all
}
