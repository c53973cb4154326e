package testkit

import (
	"slices"
	"strings"
	"testing"
)

// This package serves the tests of all others, so it must know none of their
// rooms.
func TestImports(t *testing.T) {
	t.Parallel()
	ForbidImports(t, "parley/internal")
}

func TestForbidImportsNamesTheWay(t *testing.T) {
	t.Parallel()
	failures := record(t, func(r *recorder) { ForbidImports(r, "github.com/jackc/pgpassfile", "github.com/jackc/pg") })
	if len(failures) != 1 {
		t.Fatalf("failures = %q, want one", failures)
	}
	for _, part := range []string{
		"parley/internal/testkit must not depend on github.com/jackc/pgpassfile",
		"-> github.com/jackc/pgx/v5\n",
	} {
		if !strings.Contains(failures[0], part) {
			t.Errorf("failure does not contain %q:\n%s", part, failures[0])
		}
	}
}

func TestOnlyImportsReportsTheRest(t *testing.T) {
	t.Parallel()
	got := record(t, func(r *recorder) { OnlyImports(r) })
	const complaint = "parley/internal/testkit must not depend on github.com/jackc/pgx/v5:"
	about := func(failure string) bool { return strings.HasPrefix(failure, complaint) }
	if !slices.ContainsFunc(got, about) {
		t.Errorf("without rules: failures = %q, want one about pgx", got)
	}
	got = record(t, func(r *recorder) { OnlyImports(r, "github.com/jackc/pgx") })
	if slices.ContainsFunc(got, about) {
		t.Errorf("with a rule for pgx: failures = %q, want none about it", got)
	}
}

func TestUnderEndsAtASlash(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"parley/internal/core":       true,
		"parley/internal/core/rules": true,
		"parley/internal/corelike":   false,
		"parley/internal":            false,
	} {
		if got := under(path, []string{"parley/internal/core"}); got != want {
			t.Errorf("under(%q) = %v, want %v", path, got, want)
		}
	}
}

func TestChainClimbsToTheLast(t *testing.T) {
	t.Parallel()
	deps := []dependency{
		{path: "leaf"},
		{path: "side", imports: []string{"leaf"}},
		{path: "middle", imports: []string{"leaf"}},
		{path: "top", imports: []string{"middle", "side"}},
	}
	got := chain(deps, "leaf")
	if want := []string{"top", "side", "leaf"}; !slices.Equal(got, want) {
		t.Errorf("chain = %v, want %v", got, want)
	}
}
