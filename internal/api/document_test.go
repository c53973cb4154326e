package api_test

import (
	"testing"

	"parley/internal/api"
	"parley/internal/testkit"
)

// TestDocumentIsCurrent holds the published document against the code.
func TestDocumentIsCurrent(t *testing.T) {
	t.Parallel()
	doc, err := api.Document()
	if err != nil {
		t.Fatal(err)
	}
	testkit.Golden(t, "../../openapi/v1.json", doc)
}
