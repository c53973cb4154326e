package app_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"testing"

	"parley/internal/store"
)

// TestCommBoxWebhooks makes webhooks of both forms over /v1, tests them, and has
// a client of CommBox's API begin a conversation and say something in it. What
// comes to the receivers is signed over its bytes, says what type it is, and is
// what the ledger holds.
func TestCommBoxWebhooks(t *testing.T) {
	t.Parallel()
	h := newHooked(t, "Harbour & Sons")
	forms := []commBoxForm{
		{receiver: h.receive(`"format":"commbox_xml"`), contentType: "application/xml; charset=utf-8", name: xmlName},
		{receiver: h.receive(`"format":"commbox_json"`), contentType: "application/json", name: jsonName},
	}
	h.call(fmt.Sprintf("/v1/webhooks/%d/test", forms[0].ID), "{}", nil)
	var inbox struct{ ID int64 }
	h.call("/v1/inboxes", `{"name":"Chat","channel":"web"}`, &inbox)
	var object, child struct{ Data struct{ ID int64 } }
	objects := fmt.Sprintf("/streams/%d/objects", inbox.ID)
	const who = `"Type":4,"UserStreamProviderId":"mia@example.org","UserStreamProviderType":4`
	h.call(objects, `{`+who+`,"Message":"Hello"}`, &object)
	h.call(fmt.Sprintf("%s/%d/child", objects, object.Data.ID), `{`+who+`,"Message":"When, <b>when</b>?"}`, &child)
	for i := range forms {
		want := map[string]bool{"User OnNew": true, "Object OnNew": true, "Object OnNewChild": true}
		if i == 0 {
			want["Webhook OnTest"] = true
		}
		forms[i].check(t, h.server.Store, want, child.Data.ID)
	}
}

// commBoxForm is one form of CommBox's webhooks, and a receiver of it.
type commBoxForm struct {
	*receiver
	contentType string
	name        func(body []byte) (string, error) // subscription and name
}

// check receives what is wanted, once each, in whatever order: what is about
// different things has none.
func (f *commBoxForm) check(t *testing.T, st store.Store, want map[string]bool, child int64) {
	t.Helper()
	bodies := map[string]bool{}
	for len(want) > 0 {
		r := f.next(t)
		if got := r.header.Get("Content-Type"); got != f.contentType {
			t.Errorf("content type %q", got)
		}
		name, err := f.name(r.body)
		if err != nil || !want[name] {
			t.Fatalf("got %q, %v: %s", name, err, r.body)
		}
		if name == "Object OnNewChild" && !bytes.Contains(r.body, fmt.Appendf(nil, `%d"`, child)) {
			t.Errorf("the child is not %d: %s", child, r.body)
		}
		delete(want, name)
		bodies[string(r.body)] = true
	}
	sent, err := st.ListDeliveries(t.Context(), 1, f.ID, store.DeliveryQuery{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	seqs := make([]int64, len(sent))
	for i := range sent {
		seqs[i] = sent[i].Seq
	}
	kept, err := st.DeliveriesBySeq(t.Context(), 1, f.ID, seqs)
	if err != nil || len(kept) != len(bodies) {
		t.Fatalf("the ledger has %d deliveries, want %d, %v", len(kept), len(bodies), err)
	}
	for i := range kept {
		if !bodies[kept[i].Body] || kept[i].ContentType != f.contentType {
			t.Errorf("the ledger has what was not sent: %s, %s", kept[i].ContentType, kept[i].Body)
		}
	}
}

func xmlName(body []byte) (string, error) {
	var e struct {
		Subscription string `xml:",attr"`
		Name         string `xml:",attr"`
		Brand        string `xml:",attr"`
	}
	err := xml.Unmarshal(body, &e)
	if err == nil && e.Brand != "Harbour & Sons" {
		err = fmt.Errorf("brand %q", e.Brand)
	}
	return e.Subscription + " " + e.Name, err
}

func jsonName(body []byte) (string, error) {
	type event struct{ Subscription, Name, Brand string }
	var e struct{ Event, Payload event }
	err := json.Unmarshal(body, &e)
	if e.Event == (event{}) {
		e.Event = e.Payload
	}
	if err == nil && e.Event.Brand != "Harbour & Sons" {
		err = fmt.Errorf("brand %q", e.Event.Brand)
	}
	return e.Event.Subscription + " " + e.Event.Name, err
}
