package core_test

import (
	"errors"
	"strings"
	"testing"

	"parley/internal/core"
)

// definition is one that means something.
func definition(typ core.AttributeType, change func(d *core.AttributeDefinition)) core.AttributeDefinition {
	d := core.AttributeDefinition{AppliesTo: core.AppliesToContact, Key: "k", Name: "n", Type: typ}
	if typ == core.AttributeList {
		d.Options = []string{"free", "paid"}
	}
	if change != nil {
		change(&d)
	}
	return d
}

func TestDefinitionsThatMeanSomething(t *testing.T) {
	t.Parallel()
	for _, typ := range []core.AttributeType{core.AttributeText, core.AttributeNumber, core.AttributeLink, core.AttributeDate, core.AttributeList, core.AttributeCheckbox} {
		d := definition(typ, func(d *core.AttributeDefinition) { d.Key, d.Name = "Plan_2.a-b", "é" })
		if err := d.Check(); err != nil {
			t.Errorf("%s: %v", typ, err)
		}
	}
	for _, pattern := range []string{`^[A-Z]{2}\d{4,8}$`, `(?i)a|\p{L}+`, `[0-9]{500}`} {
		d := definition(core.AttributeLink, func(d *core.AttributeDefinition) { d.Pattern, d.PatternHint = pattern, "so" })
		if err := d.Check(); err != nil {
			t.Errorf("%s: %v", pattern, err)
		}
	}
}

func TestDefinitionsThatMeanNothing(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 2001)
	for what, c := range map[string]struct {
		field string
		typ   core.AttributeType
		spoil func(d *core.AttributeDefinition)
	}{
		"owner":             {"applies_to", core.AttributeText, func(d *core.AttributeDefinition) { d.AppliesTo = "message" }},
		"no key":            {"key", core.AttributeText, func(d *core.AttributeDefinition) { d.Key = "" }},
		"key with a slash":  {"key", core.AttributeText, func(d *core.AttributeDefinition) { d.Key = "a/b" }},
		"key with a dot":    {"key", core.AttributeText, func(d *core.AttributeDefinition) { d.Key = ".a" }},
		"key in two lines":  {"key", core.AttributeText, func(d *core.AttributeDefinition) { d.Key = "a\n" }},
		"long key":          {"key", core.AttributeText, func(d *core.AttributeDefinition) { d.Key = long[:129] }},
		"blank name":        {"name", core.AttributeText, func(d *core.AttributeDefinition) { d.Name = " " }},
		"long name":         {"name", core.AttributeText, func(d *core.AttributeDefinition) { d.Name = long[:256] }},
		"long description":  {"description", core.AttributeText, func(d *core.AttributeDefinition) { d.Description = long }},
		"type":              {"type", core.AttributeText, func(d *core.AttributeDefinition) { d.Type = "currency" }},
		"no options":        {"options", core.AttributeList, func(d *core.AttributeDefinition) { d.Options = nil }},
		"too many options":  {"options", core.AttributeList, func(d *core.AttributeDefinition) { d.Options = strings.Split(long[:201], "") }},
		"blank option":      {"options", core.AttributeList, func(d *core.AttributeDefinition) { d.Options = []string{"a", " "} }},
		"long option":       {"options", core.AttributeList, func(d *core.AttributeDefinition) { d.Options = []string{long[:256]} }},
		"option twice":      {"options", core.AttributeList, func(d *core.AttributeDefinition) { d.Options = []string{"a", "b", "a"} }},
		"options of a text": {"options", core.AttributeText, func(d *core.AttributeDefinition) { d.Options = []string{"a"} }},
		"pattern of a date": {"pattern", core.AttributeDate, func(d *core.AttributeDefinition) { d.Pattern = "x" }},
		"broken pattern":    {"pattern", core.AttributeText, func(d *core.AttributeDefinition) { d.Pattern = "(" }},
		"backreference":     {"pattern", core.AttributeText, func(d *core.AttributeDefinition) { d.Pattern = `(a)\1` }},
		"long pattern":      {"pattern", core.AttributeText, func(d *core.AttributeDefinition) { d.Pattern = long[:501] }},
		"large pattern":     {"pattern", core.AttributeText, func(d *core.AttributeDefinition) { d.Pattern = "[ab]{600}[cd]{600}" }},
		"nested pattern":    {"pattern", core.AttributeText, func(d *core.AttributeDefinition) { d.Pattern = "(a{100}){11}" }},
		"hint alone":        {"pattern_hint", core.AttributeText, func(d *core.AttributeDefinition) { d.PatternHint = "x" }},
		"long hint":         {"pattern_hint", core.AttributeText, func(d *core.AttributeDefinition) { d.Pattern, d.PatternHint = "x", long[:256] }},
	} {
		d := definition(c.typ, c.spoil)
		var refused *core.Error
		if err := d.Check(); !errors.As(err, &refused) || refused.Kind != core.Invalid || refused.Field != c.field {
			t.Errorf("%s: got %v, want %s to be refused", what, err, c.field)
		}
	}
}

func TestCheckAttributes(t *testing.T) {
	t.Parallel()
	definitions := []core.AttributeDefinition{
		{Key: "text", Type: core.AttributeText},
		{Key: "code", Type: core.AttributeText, Pattern: "^[A-Z]{2}$", PatternHint: "two capitals"},
		{Key: "number", Type: core.AttributeNumber},
		{Key: "link", Type: core.AttributeLink},
		{Key: "ours", Type: core.AttributeLink, Pattern: `^https://ours\.example/`},
		{Key: "date", Type: core.AttributeDate},
		{Key: "list", Type: core.AttributeList, Options: []string{"free", "pa\"id"}},
		{Key: "checkbox", Type: core.AttributeCheckbox},
	}
	long := core.Quote(strings.Repeat("A", 4097))
	for _, c := range []struct {
		before, written core.JSON
		wrong           string // the key, "" = nothing is
	}{
		{"", "", ""},
		{"", `{}`, ""},
		{"", `{"other": [1, {"text": 2}], "Text": 3}`, ""}, // of which nobody has said anything
		{"", `{"text":"é \n","number":-1.5e3,"link":"https://a.example/?q=1#f","date":"2024-02-29","list":"pa\"id","checkbox":false,"code":"AB","ours":"https://ours.example/x"}`, ""},
		{"", `{"number":0,"list":"\u0066ree","link":"HTTP://a.example","checkbox":true,"text":""}`, ""},
		{"", `{"text":null,"number":null,"link":null,"date":null,"list":null,"checkbox":null}`, ""},
		{"", `{"text":1}`, "text"},
		{"", `{"text":"x", "\u0074ext":{}}`, "text"},
		{"", `{"text":["x"]}`, "text"},
		{"", `{"code":"ABC"}`, "code"},
		{"", `{"code":"A\u0042"}`, ""},
		{"", `{"code":` + long + `}`, "code"},
		{"", `{"text":` + long + `}`, ""},
		{"", `{"number":"1"}`, "number"},
		{"", `{"number":true}`, "number"},
		{"", `{"link":"a.example"}`, "link"},
		{"", `{"link":"javascript://x/%0aalert(1)"}`, "link"},
		{"", `{"link":"https:///x"}`, "link"},
		{"", `{"link":1}`, "link"},
		{"", `{"ours":"https://theirs.example/"}`, "ours"},
		{"", `{"date":"2023-02-29"}`, "date"},
		{"", `{"date":"2024-02-29T00:00:00Z"}`, "date"},
		{"", `{"date":20240229}`, "date"},
		{"", `{"list":"Free"}`, "list"},
		{"", `{"list":["free"]}`, "list"},
		{"", `{"checkbox":"true"}`, "checkbox"},
		{"", `{"checkbox":0}`, "checkbox"},
		{"", `{"text":"x","number":"x","date":"x"}`, "number"}, // the first that is wrong
		// What was there is not judged again, what is new is.
		{`{"number":"many","list":"old"}`, `{"number":"many","text":"x"}`, ""},
		{`{"number":"many","list":"old"}`, `{"number":"more"}`, "number"},
		{`{"number":"many","list":"old"}`, `{"text":"many"}`, ""},
	} {
		err := core.CheckAttributes(definitions, c.before, c.written)
		if c.wrong == "" {
			if err != nil {
				t.Errorf("%s: %v", c.written, err)
			}
			continue
		}
		var refused *core.Error
		if !errors.As(err, &refused) || refused.Kind != core.Invalid || refused.Field != "custom_attributes/"+c.wrong {
			t.Errorf("%s: got %v, want %s to be refused", c.written, err, c.wrong)
		}
	}
	var refused *core.Error
	if err := core.CheckAttributes(definitions, "", `{"code":"x"}`); !errors.As(err, &refused) || !strings.HasSuffix(refused.Message, "two capitals") {
		t.Errorf("the hint is missing: %v", err)
	}
}
