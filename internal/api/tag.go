package api

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"

	"parley/internal/core"
	"parley/internal/event"
)

// formVersion stands for the form of the bodies in strong tags: raise it with
// every change of what a resource shows, so that no client keeps a body of the
// older form.
const formVersion = 1

// tagOf is the strong tag of a record's body. A body shows what its record
// holds and nothing else, so equal records have equal bodies.
func tagOf(record core.EventData) (string, error) {
	var also string
	if e, ok := record.(extended); ok {
		record, also = e.EventData, e.also
	}
	tag, err := event.Tag(record)
	if err != nil {
		return "", err
	}
	if also != "" {
		sum := sha256.Sum256([]byte(tag + also))
		tag = hex.EncodeToString(sum[:16])
	}
	return `"` + strconv.Itoa(formVersion) + "-" + tag + `"`, nil
}

// withBody is the strong tag of a body that shows more than its record, such as
// the name of an agent beside a message. If-Match looks at the record's part
// alone: see unchangedAs.
func withBody(tag string, body []byte) string {
	sum := sha256.Sum256(body)
	return strings.TrimSuffix(tag, `"`) + "." + hex.EncodeToString(sum[:8]) + `"`
}

// extended is a record whose body shows something that the record does not hold.
type extended struct {
	core.EventData
	also string // what that is, as text
}

// bodyTag is the weak tag of a body.
func bodyTag(body []byte) string {
	sum := sha256.Sum256(body)
	return `W/"` + hex.EncodeToString(sum[:16]) + `"`
}

// seen tells whether If-None-Match names the tag, or *: then the client has the
// body already. W/ does not matter here (RFC 9110, 13.1.2). Our tags hold no
// comma, so the header can be cut at each, also inside of tags of others.
func seen(header http.Header, tag string) bool {
	tag = strings.TrimPrefix(tag, "W/")
	return anyTag(header.Values("If-None-Match"), func(t string) bool { return strings.TrimPrefix(t, "W/") == tag })
}

// unchanged refuses a change of a record that is not in a state which If-Match
// names. Weak tags match nothing (RFC 9110, 13.1.1).
func unchanged[T core.EventData](c *caller) core.Check[T] {
	return unchangedAs(c, func(record *T) core.EventData { return *record })
}

// unchangedAs is unchanged for a thing whose state is another record.
func unchangedAs[T any](c *caller, as func(*T) core.EventData) core.Check[T] {
	wanted := c.header.Values("If-Match")
	if len(wanted) == 0 {
		return nil
	}
	return func(record T) error {
		tag, err := tagOf(as(&record))
		if err != nil {
			return err
		}
		before := strings.TrimSuffix(tag, `"`)
		if anyTag(wanted, func(t string) bool { return t == tag || strings.HasPrefix(t, before+".") }) {
			return nil
		}
		return &core.Error{Kind: core.Precondition, Message: "it is not in the state that If-Match names"}
	}
}

// anyTag tells whether a list of tags holds * or one that is wanted.
func anyTag(headers []string, wanted func(tag string) bool) bool {
	for _, header := range headers {
		for tag := range strings.SplitSeq(header, ",") {
			if tag = strings.TrimSpace(tag); tag == "*" || wanted(tag) {
				return true
			}
		}
	}
	return false
}
