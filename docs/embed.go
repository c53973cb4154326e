// Package docs holds the pages that the server itself shows to its callers. It
// depends on nothing.
package docs

import _ "embed" // for the page below

// API tells the conventions of `/v1`, in Markdown.
//
//go:embed api.md
var API string
