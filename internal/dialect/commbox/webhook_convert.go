package commbox

import (
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"parley/internal/core"
)

// digits is a number as webhooks have it.
func digits(n int64) string { return strconv.FormatInt(n, 10) }

// trueFalse is a boolean as webhooks have it.
func trueFalse(v bool) string {
	if v {
		return "True"
	}
	return "False"
}

func toHookPlace(c *core.Conversation) hookPlace {
	return hookPlace{ID: digits(c.ID), StreamID: digits(c.InboxID), SubStreamID: digits(c.SubInboxID)}
}

// managerOf is the id of who did something, 0 when that is no agent.
func managerOf(who core.Actor) int64 {
	if who.Type == core.ActorAgent {
		return who.ID
	}
	return 0
}

// providerName is the name of a provider type, the number of one that has none.
func providerName(n int64) string {
	if 0 <= n && n < int64(len(hookProviders)) {
		return hookProviders[n]
	}
	return digits(n)
}

// toHookTags tells which labels came and which went, nil when none did.
func toHookTags(before, after []int64) *hookTags {
	var tags hookTags
	for _, id := range after {
		if !slices.Contains(before, id) {
			tags.Tag = append(tags.Tag, hookTagChange{digits(id), "Add"})
		}
	}
	for _, id := range before {
		if !slices.Contains(after, id) {
			tags.Tag = append(tags.Tag, hookTagChange{digits(id), "Remove"})
		}
	}
	if tags.Tag == nil {
		return nil
	}
	return &tags
}

// isoDate is a birthday as an ISO date. Days and months with slashes between
// stand in either order: what could be read both ways is left as it is, and so
// is what is no date.
func isoDate(birthday string) string {
	var read []time.Time
	for _, layout := range []string{time.DateOnly, time.RFC3339, "02/01/2006", "01/02/2006"} {
		if t, err := time.Parse(layout, strings.TrimSpace(birthday)); err == nil {
			read = append(read, t)
		}
	}
	if len(read) == 0 || len(read) == 2 && !read[0].Equal(read[1]) {
		return birthday
	}
	return read[0].Format(time.DateOnly)
}

// snippetLength is how many characters of a message a snippet has at most.
// CommBox shows snippets, and does not say how they are cut.
const snippetLength = 200

// snippet is the beginning of a message without its tags and in one line.
func snippet(message string) string {
	var plain strings.Builder
	for {
		before, rest, found := strings.Cut(message, "<")
		plain.WriteString(before)
		if !found {
			break
		}
		if !beginsTag(rest) {
			plain.WriteByte('<')
			message = rest
			continue
		}
		var tag string
		if tag, message, found = strings.Cut(rest, ">"); !found {
			plain.WriteString("<" + rest)
			break
		}
		if breaksLine(tag) {
			plain.WriteByte(' ')
		}
	}
	line := strings.Join(strings.Fields(html.UnescapeString(plain.String())), " ")
	n := 0
	for at := range line {
		if n == snippetLength {
			return line[:at]
		}
		n++
	}
	return line
}

// beginsTag tells whether a tag begins behind a <.
func beginsTag(rest string) bool {
	if rest == "" {
		return false
	}
	c := rest[0]
	return c == '/' || c == '!' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// breaksLine tells whether text before the tag does not touch what follows it.
func breaksLine(tag string) bool {
	name := strings.ToLower(strings.Trim(tag, "/"))
	if end := strings.IndexAny(name, " \t\n/"); end >= 0 {
		name = name[:end]
	}
	switch name {
	case "p", "br", "div", "li", "ul", "ol", "tr", "td", "th", "table", "hr", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6":
		return true
	}
	return false
}

// requestID is a UUID that is the event's whenever it is asked for.
func requestID(account int64, e *core.Event) string {
	return uuid.NewSHA1(uuid.Nil, fmt.Appendf(nil, "%d %s %d", account, e.Epoch, e.Seq)).String()
}
