package commbox

import (
	"strconv"
	"strings"

	"parley/internal/core"
)

// extension is what a record keeps for this dialect alone: the member
// "commbox" of its ext, as text.
type extension core.JSON

func extensionOf(ext core.JSON) extension { return extension(ext.Member("commbox")) }

func (e extension) member(name string) core.JSON { return core.JSON(e).Member(name) }

// content returns the stored content object with the key order and spacing
// that it was given, "" when there is none.
func (e extension) content() string {
	raw := e.member("content")
	if !strings.HasPrefix(string(raw), "{") {
		return ""
	}
	return string(raw)
}

// number returns a whole number of at least 0 that is stored under name, as a
// number or as its digits in a string. ok is false when there is none.
func (e extension) number(name string) (n int64, ok bool) {
	n, err := strconv.ParseInt(strings.Trim(string(e.member(name)), `"`), 10, 64)
	return n, err == nil && n >= 0
}

// text returns the string that is stored under name, "" when there is none.
func (e extension) text(name string) string { return e.member(name).Text() }

// flag returns the boolean that is stored under name, def when there is none.
func (e extension) flag(name string, def bool) bool {
	switch e.member(name) {
	case "true":
		return true
	case "false":
		return false
	}
	return def
}

// extend sets one member of what the ext keeps for this dialect, and leaves
// everything else as it stands.
func extend(ext core.JSON, name string, value core.JSON) core.JSON {
	return ext.With("commbox", ext.Member("commbox").With(name, value))
}
