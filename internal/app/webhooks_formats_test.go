package app

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"parley/openapi"
)

// TestFormatsOfWebhooks are the same ones wherever they are listed: those that
// webhooks are checked against, those that bodies are made by, and those that
// the document lets clients name.
func TestFormatsOfWebhooks(t *testing.T) {
	t.Parallel()
	want := slices.Sorted(slices.Values(formatNames))
	lists := map[string][]string{"newFormats": slices.Sorted(maps.Keys(newFormats(nil, nil, nil)))}
	text, _ := openapi.Document("v1")
	var doc struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct {
					Default any
					Enum    []string
				}
			}
		}
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"WebhookInput", "WebhookPatch"} {
		lists[name] = slices.Sorted(slices.Values(doc.Components.Schemas[name].Properties["format"].Enum))
	}
	for name, got := range lists {
		if !slices.Equal(got, want) {
			t.Errorf("%s has the formats %q, want %q", name, got, want)
		}
	}
	if got := doc.Components.Schemas["WebhookInput"].Properties["format"].Default; got != formatNames[0] {
		t.Errorf("a webhook that names no format has %v in the document, and %s here", got, formatNames[0])
	}
}
