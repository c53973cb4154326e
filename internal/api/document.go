package api

import (
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// describeAPI fills in what the document says of the API as a whole.
func describeAPI(doc *huma.OpenAPI) {
	doc.Info.Description = "Parley's own API. Its conventions are the same for all operations: [docs/api.md](/docs/api.md) tells them."
	doc.Info.Contact = &huma.Contact{Name: "Whoever runs this server"}
	doc.Info.License = &huma.License{Name: "Apache 2.0", Identifier: "Apache-2.0"}
	doc.Servers = []*huma.Server{{URL: "/", Description: "The server that the document came from."}}
	doc.Tags = []*huma.Tag{
		{Name: "Self", Description: "Who calls."},
		{Name: "Contacts", Description: "Customers, and where they are reached."},
		{Name: "Conversations", Description: "Threads between a contact and the account."},
		{Name: "Messages", Description: "What is said in conversations; notes and activities stand among it for staff."},
		{Name: "Search", Description: "What was said, and contacts, by their words."},
		{Name: "Account", Description: "The account that the caller's token opens."},
		{Name: "Events", Description: "The log of all changes: in pages, as server-sent events, over a WebSocket."},
		{Name: "Labels", Description: "Words tied to conversations and contacts, and groups of such words."},
		{Name: "Inboxes", Description: "The configured ends of channels, their sub-inboxes, and who works in them."},
		{Name: "Canned responses", Description: "Texts that agents insert by a short code."},
		{Name: "Attribute definitions", Description: "What custom attributes of contacts and conversations are, and which values are taken for them."},
		{Name: "Teams", Description: "Groups of agents."},
		{Name: "Agents", Description: "The people and bots who work in the account."},
		{Name: "Profiles", Description: "Named sets of permissions, which agents are given."},
		{Name: "Tokens", Description: "Credentials of the account and of its agents. Whoever manages them can make one that may do everything."},
		{Name: "Webhooks", Description: "Addresses that events are sent to, and what was sent to them."},
	}
	doc.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token":    {Type: "http", Scheme: "bearer", Description: "An API token of the account, or of one of its agents."},
		"customer": {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "A customer token, signed with the HMAC token of an inbox."},
	}
	text := &huma.Schema{Type: huma.TypeString}
	doc.Components.Headers = map[string]*huma.Header{
		"ETag":                {Description: "The state of what the body shows: weak for lists.", Schema: text},
		"Location":            {Description: "Where what was made is.", Schema: text},
		"Idempotent-Replayed": {Description: "true: the answer is that of an earlier request with this key.", Schema: text},
		"X-Request-Id":        {Description: "The id of the request.", Required: true, Schema: text},
		"RateLimit-Policy":    {Description: "The limit that counts for the caller: q requests in w seconds.", Schema: text},
		"RateLimit":           {Description: "What is left of it: r requests, one more in t seconds.", Schema: text},
		"Retry-After":         {Description: "How many seconds to wait.", Schema: text},
		"WWW-Authenticate":    {Description: "How to show who calls.", Schema: text},
	}
	describeProblems(doc)
}

// describeProblems describes the answers that tell of a failure.
func describeProblems(doc *huma.OpenAPI) {
	problem := map[string]*huma.MediaType{
		"application/problem+json": {Schema: doc.Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "")},
	}
	doc.Components.Responses = map[string]*huma.Response{}
	for _, p := range []struct{ status, headers string }{
		{"400", ""},
		{"401", "WWW-Authenticate"},
		{"403", ""},
		{"404", ""},
		{"406", ""},
		{"409", ""},
		{"410", ""},
		{"412", ""},
		{"413", ""},
		{"415", ""},
		{"422", ""},
		{"429", "Retry-After"},
		{"500", ""},
		{"503", "Retry-After"},
	} {
		status, _ := strconv.Atoi(p.status)
		doc.Components.Responses[p.status] = &huma.Response{
			Description: http.StatusText(status), Headers: headers(p.headers), Content: problem,
		}
	}
}

// describeStream describes what an operation that is registered answers when it
// goes on.
func describeStream(o *huma.Operation) {
	o.Responses["200"].Content["text/event-stream"] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	o.Responses["410"] = &huma.Response{Ref: "#/components/responses/410"}
	if strings.HasSuffix(o.Path, "/ws") {
		o.Responses["101"] = &huma.Response{Description: http.StatusText(http.StatusSwitchingProtocols)}
	}
}

// rights tells who may call an operation.
func rights(o *op) string {
	text := "Needs a token with the scope `" + string(o.scope()) + "`"
	if o.permit != "" {
		text += "; an agent also needs to be an administrator, or the permission `" + o.permit + "`"
	}
	if o.customers {
		text += ". Customers may call it, about themselves"
	}
	return text + "."
}

// describeForm describes the multipart body of an operation that is registered:
// a file, or files beside the message that carries them. huma, which never sees
// one, would ask for it.
func describeForm(o *huma.Operation) {
	file := &huma.Schema{Type: huma.TypeString, Format: "binary", Description: "A file. Parts of any name that have a file name are files."}
	form := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{"file": file}, Required: []string{"file"}}
	if o.RequestBody == nil {
		o.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{}}
	} else {
		form.Properties = map[string]*huma.Schema{"message": o.RequestBody.Content["application/json"].Schema, "file": {Type: huma.TypeArray, Items: file}}
		form.Required = nil
	}
	o.RequestBody.Content["multipart/form-data"] = &huma.MediaType{Schema: form}
}

// headers are those of every answer and the named ones.
func headers(names string) map[string]*huma.Param {
	all := map[string]*huma.Param{}
	for _, name := range append(strings.Fields(names), "X-Request-Id", "RateLimit", "RateLimit-Policy") {
		all[name] = &huma.Param{Ref: "#/components/headers/" + name}
	}
	return all
}

// describeOperation fills in what the way of registration says of an operation,
// and tells whether it takes a body.
func describeOperation[I, O any](schemas huma.Registry, o *huma.Operation, of *op) (takesBody bool) {
	_, takesBody = reflect.TypeFor[I]().FieldByName("Body")
	takesBody = takesBody || of.forms != onlyJSON
	problems := []string{"400", "401", "403", "406", "413", "422", "429", "500", "503"}
	if strings.Contains(o.Path, "{") {
		problems = append(problems, "404")
	}
	if takesBody {
		problems = append(problems, "415")
	}
	if takesBody || o.Method == http.MethodPost {
		problems = append(problems, "409")
	}
	text := &huma.Schema{Type: huma.TypeString}
	ok := &huma.Response{Description: http.StatusText(o.DefaultStatus), Headers: headers("")}
	o.Responses = map[string]*huma.Response{strconv.Itoa(o.DefaultStatus): ok}
	switch {
	case o.Method == http.MethodGet:
		o.Parameters = append(o.Parameters, &huma.Param{
			Name: "If-None-Match", In: "header", Schema: text, Description: "Tags of bodies that the client has: 304 when one of them is current.",
		})
		ok.Headers = headers("ETag")
		o.Responses["304"] = &huma.Response{Description: http.StatusText(http.StatusNotModified), Headers: headers("ETag")}
	case o.DefaultStatus == http.StatusCreated:
		o.Parameters = append(o.Parameters, &huma.Param{
			Name: "Idempotency-Key", In: "header", Schema: text,
			Description: "At most 255 visible ASCII characters. The same key within a day gives the same answer, and nothing happens twice.",
		})
		ok.Headers = headers("ETag Location Idempotent-Replayed")
		problems = append(problems, "404") // of a repeated request whose thing is gone
	case o.Method != http.MethodPost || of.conditional:
		o.Parameters = append(o.Parameters, &huma.Param{
			Name: "If-Match", In: "header", Schema: text, Description: "Tags of the states in which it may be changed: 412 when it is in none of them.",
		})
		problems = append(problems, "412")
	}
	for _, status := range problems {
		o.Responses[status] = &huma.Response{Ref: "#/components/responses/" + status}
	}
	if o.DefaultStatus != http.StatusNoContent {
		if o.Method != http.MethodGet {
			ok.Headers["ETag"] = &huma.Param{Ref: "#/components/headers/ETag"}
		}
		shown := schemas.Schema(reflect.TypeFor[O](), true, "")
		ok.Content = map[string]*huma.MediaType{"application/json": {Schema: shown}}
	}
	return takesBody
}
