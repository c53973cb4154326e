// Package reference serves the reference of the published APIs at /docs: a page
// for each of their documents, on which operations can be tried, one that lists
// the kinds of problems, and the conventions as text. Everything comes from the
// binary; its pages load nothing from elsewhere and may not.
package reference

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"parley/docs"
)

//go:embed assets
var own embed.FS

// apis are those that have a page, in the order of the menu.
var apis = []link{{"v1", "Parley /v1"}, {"commbox", "CommBox"}, {"chatwoot", "Chatwoot"}, {"uncodie", "Uncodie"}}

// errorsPage is the name of the page to which the types of problems lead.
const errorsPage = "errors"

// link is an entry of the menu: /docs/Name.
type link struct{ Name, Title string }

// page is what the template shows.
type page struct {
	link
	Menu     []link
	Problems []problem // of errorsPage, whose only content they are
}

// problem is a kind of problem of /v1.
type problem struct{ Kind, Status, When string }

// policy lets pages load what this server serves, and nothing else. Swagger UI
// sets styles on elements and has its pictures in its style sheet.
const policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// New returns the handler of /docs and what is below it. It may be used
// concurrently.
func New() http.Handler {
	mux := http.NewServeMux()
	menu := append(slices.Clone(apis), link{errorsPage, "Errors"})
	for _, l := range menu {
		p := page{link: l, Menu: menu}
		if l.Name == errorsPage {
			p.Problems = problems(docs.API)
		}
		mux.Handle("/docs/"+l.Name, servePage(p))
	}
	mux.Handle("/docs", servePage(page{link: apis[0], Menu: menu}))
	mux.Handle("/docs/{$}", http.RedirectHandler("/docs", http.StatusPermanentRedirect))
	mux.Handle("/docs/api.md", newFile("text/plain; charset=utf-8", []byte(docs.API)))
	for name, f := range assets() {
		mux.Handle("/docs/assets/"+name, f)
	}
	return guarded(mux)
}

// servePage returns a handler that answers with a page.
func servePage(p page) http.Handler {
	var html bytes.Buffer
	if err := template.Must(template.ParseFS(own, "assets/page.html")).Execute(&html, p); err != nil {
		panic(err) // nothing in it depends on what was sent
	}
	return newFile("text/html; charset=utf-8", html.Bytes())
}

// guarded sets the headers that bound what pages may do.
func guarded(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		h.ServeHTTP(w, r)
	})
}

// problemLine is a line of the table in docs/api.md.
var problemLine = regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| ([45][0-9]{2}) \\| (.+) \\|$")

// problems reads the kinds of problems from the page that explains them.
func problems(text string) []problem {
	var all []problem
	for _, m := range problemLine.FindAllStringSubmatch(text, -1) {
		all = append(all, problem{m[1], m[2], strings.ReplaceAll(m[3], "`", "")})
	}
	return all
}
