package testkit

import (
	"bytes"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// ForbidImports fails the test when the package under test depends on a package
// that one of the rules names, directly or through others. A rule is an import
// path and covers everything below it: "parley/internal/dialect" covers
// "parley/internal/dialect/chatwoot". The package under test and what lies below
// it never count, so that a dialect can forbid all others with that one rule.
// Imports of test files don't count.
//
// Call it from a test inside the guarded package: only there does a change of
// the package's imports also undo the cached result of the test.
func ForbidImports(t testing.TB, rules ...string) {
	t.Helper()
	checkImports(t, func(path string) bool { return under(path, rules) })
}

// OnlyImports fails the test when the package under test depends on anything
// but the standard library and what the rules name, as in ForbidImports. With
// no rules it demands the standard library alone.
func OnlyImports(t testing.TB, rules ...string) {
	t.Helper()
	checkImports(t, func(path string) bool { return !under(path, rules) })
}

// checkImports reports each dependency that bad objects to, with the imports
// that lead to it. The standard library is never asked about.
func checkImports(t testing.TB, bad func(path string) bool) {
	t.Helper()
	deps, err := listDeps(t)
	if err != nil {
		t.Fatalf("list the imports: %v", err)
	}
	// Dependencies come before their dependents, so the package itself is last.
	self := deps[len(deps)-1].path
	for _, dep := range deps {
		if !under(dep.path, []string{self}) && bad(dep.path) {
			t.Errorf("%s must not depend on %s:\n\t%s", self, dep.path, strings.Join(chain(deps, dep.path), "\n\t-> "))
		}
	}
}

// dependency is one package outside the standard library and what it imports.
type dependency struct {
	path    string
	imports []string
}

// listDeps returns the package in the current folder, which for a test is its
// own package, after everything that it depends on.
func listDeps(t testing.TB) ([]dependency, error) {
	t.Helper()
	const format = `{{if not .Standard}}{{.ImportPath}} {{join .Imports " "}}{{end}}`
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", format, ".")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", cmd, err, stderr.Bytes())
	}
	var deps []dependency
	for line := range strings.Lines(string(out)) {
		if fields := strings.Fields(line); len(fields) > 0 {
			deps = append(deps, dependency{path: fields[0], imports: fields[1:]})
		}
	}
	if len(deps) == 0 {
		return nil, fmt.Errorf("%s: printed nothing", cmd)
	}
	return deps, nil
}

// chain returns a way from the last of deps to target, both included.
func chain(deps []dependency, target string) []string {
	way := []string{target}
	// Every importer stands after what it imports, so one pass climbs to the last.
	for _, dep := range deps {
		if slices.Contains(dep.imports, way[0]) {
			way = slices.Insert(way, 0, dep.path)
		}
	}
	return way
}

// under tells whether path is one of roots or lies below one.
func under(path string, roots []string) bool {
	return slices.ContainsFunc(roots, func(root string) bool {
		return path == root || strings.HasPrefix(path, root+"/")
	})
}
