package core

import (
	"fmt"
	"net/url"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"time"
)

// AttributeDefinition says what a custom attribute of the account's contacts or
// conversations is, and which values may be written for it. Attributes without
// a definition may be anything.
type AttributeDefinition struct {
	ID          int64
	AccountID   int64
	AppliesTo   AppliesTo
	Key         string // the attribute's name in objects; unique in the account among those that apply to the same
	Name        string // what people are shown
	Description string
	Type        AttributeType
	Options     []string // what a list is chosen from; of no other type
	// Pattern is a regular expression (RE2) that finds something in each value
	// of a text or a link; "" = any value. PatternHint says in words what it
	// wants.
	Pattern     string
	PatternHint string
	CreatedAt   Time
	UpdatedAt   Time
}

// AppliesTo names what has an attribute.
type AppliesTo string

// What has attributes.
const (
	AppliesToContact      AppliesTo = "contact"
	AppliesToConversation AppliesTo = "conversation"
)

// AttributeType says which values an attribute takes.
type AttributeType string

// The types of attributes.
const (
	AttributeText     AttributeType = "text"
	AttributeNumber   AttributeType = "number"
	AttributeLink     AttributeType = "link"     // an address that begins with http or https
	AttributeDate     AttributeType = "date"     // a day: 2026-11-22
	AttributeList     AttributeType = "list"     // one of the options
	AttributeCheckbox AttributeType = "checkbox" // true or false
)

// Bounds of a definition. That of the program and that of a text to which it
// is put keep one value from taking long: matching costs their product.
const (
	maxAttributeKeyBytes         = 128
	maxAttributeNameBytes        = 255
	maxAttributeDescriptionBytes = 2000
	maxAttributeOptions          = 200
	maxAttributeOptionBytes      = 255
	maxPatternBytes              = 500
	maxPatternProgram            = 1000 // instructions
	maxMatchedBytes              = 4096
	maxLinkBytes                 = 2048
)

// attributeKey is the form of keys. None of its characters means anything in a
// JSON pointer.
var attributeKey = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)

// Check refuses a definition that means nothing, by the name of the field that
// is wrong.
func (d *AttributeDefinition) Check() error {
	if d.AppliesTo != AppliesToContact && d.AppliesTo != AppliesToConversation {
		return Refuse("applies_to", "it has to be contact or conversation")
	}
	if len(d.Key) > maxAttributeKeyBytes || !attributeKey.MatchString(d.Key) {
		return Refuse("key", fmt.Sprintf("a key has 1 to %d letters from a to z, digits, _, - and ., and begins with none of the last two", maxAttributeKeyBytes))
	}
	if strings.TrimSpace(d.Name) == "" || len(d.Name) > maxAttributeNameBytes {
		return Refuse("name", fmt.Sprintf("a name has 1 to %d bytes, not all of them blank", maxAttributeNameBytes))
	}
	if len(d.Description) > maxAttributeDescriptionBytes {
		return Refuse("description", fmt.Sprintf("a description has at most %d bytes", maxAttributeDescriptionBytes))
	}
	switch d.Type {
	case AttributeText, AttributeNumber, AttributeLink, AttributeDate, AttributeList, AttributeCheckbox:
	default:
		return Refuse("type", "it has to be text, number, link, date, list or checkbox")
	}
	if err := d.checkOptions(); err != nil {
		return err
	}
	return d.checkPattern()
}

func (d *AttributeDefinition) checkOptions() error {
	switch {
	case d.Type != AttributeList && len(d.Options) > 0:
		return Refuse("options", "only a list has options")
	case d.Type == AttributeList && (len(d.Options) == 0 || len(d.Options) > maxAttributeOptions):
		return Refuse("options", fmt.Sprintf("a list has 1 to %d options", maxAttributeOptions))
	}
	for i, option := range d.Options {
		if strings.TrimSpace(option) == "" || len(option) > maxAttributeOptionBytes {
			return Refuse("options", fmt.Sprintf("an option has 1 to %d bytes, not all of them blank", maxAttributeOptionBytes))
		}
		if slices.Contains(d.Options[:i], option) {
			return Refuse("options", "an option stands there twice")
		}
	}
	return nil
}

func (d *AttributeDefinition) checkPattern() error {
	switch {
	case len(d.PatternHint) > maxAttributeNameBytes:
		return Refuse("pattern_hint", fmt.Sprintf("a hint has at most %d bytes", maxAttributeNameBytes))
	case d.Pattern == "" && d.PatternHint != "":
		return Refuse("pattern_hint", "there is no pattern")
	case d.Pattern == "":
		return nil
	case d.Type != AttributeText && d.Type != AttributeLink:
		return Refuse("pattern", "only texts and links have a pattern")
	case len(d.Pattern) > maxPatternBytes:
		return Refuse("pattern", fmt.Sprintf("a pattern has at most %d bytes", maxPatternBytes))
	}
	tree, err := syntax.Parse(d.Pattern, syntax.Perl)
	if err != nil {
		return &Error{Kind: Invalid, Field: "pattern", Message: "it is no regular expression (RE2)", Err: err}
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil || len(program.Inst) > maxPatternProgram {
		return &Error{Kind: Invalid, Field: "pattern", Message: "it repeats too much", Err: err}
	}
	return nil
}

// CheckAttributes refuses written when one of its members is a value that the
// definition of its key does not allow. definitions are those that apply to
// what the object belongs to, before is the object that there was. null takes a
// value away, and a value that was there already is not judged again.
func CheckAttributes(definitions []AttributeDefinition, before, written JSON) error {
	w := written.walk()
	for m, ok := w.next(); ok; m, ok = w.next() {
		key, value := unquote(string(m.text[m.key:m.keyEnd])), m.text[m.value:m.end]
		i := slices.IndexFunc(definitions, func(d AttributeDefinition) bool { return d.Key == key })
		if i < 0 || value == "null" || value == before.Member(key) {
			continue
		}
		if wrong := definitions[i].refuses(value); wrong != "" {
			return Refuse("custom_attributes/"+key, wrong)
		}
	}
	return nil
}

// refuses tells what is wrong with a value, "" when nothing is.
func (d *AttributeDefinition) refuses(value JSON) string {
	isText := strings.HasPrefix(string(value), `"`)
	text := value.Text()
	switch d.Type {
	case AttributeText:
		if !isText {
			return "it has to be a text"
		}
		return d.mismatches(text)
	case AttributeLink:
		if !isText || !isLink(text) {
			return fmt.Sprintf("it has to be an address that begins with http:// or https://, of at most %d bytes", maxLinkBytes)
		}
		return d.mismatches(text)
	case AttributeNumber:
		if !strings.ContainsRune("-0123456789", rune(value[0])) {
			return "it has to be a number"
		}
	case AttributeDate:
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return "it has to be a day, such as 2026-11-22"
		}
	case AttributeList:
		if !isText || !slices.Contains(d.Options, text) {
			return "it has to be one of the options"
		}
	case AttributeCheckbox:
		if value != "true" && value != "false" {
			return "it has to be true or false"
		}
	}
	return ""
}

// isLink tells whether a text is an address that a browser may open.
func isLink(text string) bool {
	address, err := url.Parse(text)
	return err == nil && len(text) <= maxLinkBytes && (address.Scheme == "http" || address.Scheme == "https") && address.Host != ""
}

// mismatches tells what the pattern has against a text, "" when nothing.
func (d *AttributeDefinition) mismatches(text string) string {
	if d.Pattern == "" {
		return ""
	}
	if len(text) > maxMatchedBytes {
		return fmt.Sprintf("it has at most %d bytes", maxMatchedBytes)
	}
	pattern, err := regexp.Compile(d.Pattern)
	if err != nil || pattern.MatchString(text) {
		return "" // what is stored was checked
	}
	if d.PatternHint != "" {
		return "it does not match the pattern: " + d.PatternHint
	}
	return "it does not match the pattern"
}
