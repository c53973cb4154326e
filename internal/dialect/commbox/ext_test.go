package commbox

import (
	"testing"

	"parley/internal/core"
)

func TestExtension(t *testing.T) {
	t.Parallel()
	ext := extensionOf(core.JSON(`{"uncodie":{"content":{"no":1}}, "commbox" : { "type":11 , "module_id":"9","provider_address":"97\u0032",
		"content": {"b": 1,"a":[ {"x":"}\"" } ],  "b":2 } , "provider_type":-4, "far":9223372036854775808}}`))
	if got, want := ext.content(), `{"b": 1,"a":[ {"x":"}\"" } ],  "b":2 }`; got != want {
		t.Errorf("content = %s, want %s", got, want)
	}
	if n, ok := ext.number("type"); n != 11 || !ok {
		t.Errorf("type = %d, %t", n, ok)
	}
	if n, ok := ext.number("module_id"); n != 9 || !ok {
		t.Errorf("module_id = %d, %t", n, ok)
	}
	for _, name := range []string{"provider_type", "far", "absent", "content", "provider_address"} {
		if n, ok := ext.number(name); ok {
			t.Errorf("%s = %d, want none", name, n)
		}
	}
	if got := ext.text("provider_address"); got != "972" {
		t.Errorf("provider_address = %q", got)
	}
	if got := ext.text("type"); got != "" {
		t.Errorf("text of a number = %q", got)
	}
	for _, odd := range []core.JSON{"", "{}", "[]", "null", `"x"`, `{"commbox":null}`, `{"commbox":{"content":null}}`, `{"commbox":{"content":"{}"}}`} {
		if got := extensionOf(odd).content(); got != "" {
			t.Errorf("content of %s = %q", odd, got)
		}
	}
}

// TestExtend writes into what is kept for this dialect and for others.
func TestExtend(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ ext, want core.JSON }{
		{"", `{"commbox":{"child_tag":true}}`},
		{`{}`, `{"commbox":{"child_tag":true}}`},
		{`{"commbox":null}`, `{"commbox":{"child_tag":true}}`},
		{`{"uncodie": {"b":1, "a":2}}`, `{"uncodie": {"b":1, "a":2},"commbox":{"child_tag":true}}`},
		{`{ "commbox" : { "child_tag":false , "x" : [1.0] }, "z":1}`, `{ "commbox" : { "child_tag":true , "x" : [1.0] }, "z":1}`},
	} {
		got := extend(test.ext, "child_tag", "true")
		if got != test.want {
			t.Errorf("%s became %s, want %s", test.ext, got, test.want)
		}
		if e := extensionOf(got); !e.flag("child_tag", false) || !e.flag("absent", true) || e.flag("absent", false) {
			t.Errorf("flags of %s", got)
		}
	}
	for _, odd := range []core.JSON{`{"commbox":{"f":1}}`, `{"commbox":{"f":"true"}}`, `{"commbox":[]}`} {
		if e := extensionOf(odd); e.flag("f", false) || !e.flag("f", true) {
			t.Errorf("%s has a flag", odd)
		}
	}
}
