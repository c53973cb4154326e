// Package openapi holds the OpenAPI 3.1 descriptions of what Parley answers:
// one JSON document a dialect, written by hand, and v1.json of its own API,
// which is generated from internal/api. They describe the operations that are
// served and no others.
//
// The schemas are stricter than a client needs: objects are closed, every key
// that is always sent is required, and times and ids have patterns. That makes
// them a check on the server as well as a reference for callers. Properties
// of the dialects stand in the order in which the server writes them.
//
// A response with `x-may-be-empty` may come without a body; OpenAPI itself has
// no way to say that beside a described content.
//
// The package depends on nothing and its functions may be called concurrently.
package openapi

import (
	"embed"
	"strings"
)

//go:generate go test ../internal/api -run ^TestDocumentIsCurrent$ -update

//go:embed *.json
var documents embed.FS

// Document returns the document of a dialect, `commbox`, `chatwoot` or
// `uncodie`, or of the API `v1`, as JSON text that the caller may keep and change. It reports false
// for any other name.
func Document(name string) ([]byte, bool) {
	text, err := documents.ReadFile(name + ".json")
	return text, err == nil
}

// Names returns the names of all documents, in alphabetical order.
func Names() []string {
	files, err := documents.ReadDir(".")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = strings.TrimSuffix(file.Name(), ".json")
	}
	return names
}
