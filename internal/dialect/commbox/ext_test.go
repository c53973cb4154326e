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
