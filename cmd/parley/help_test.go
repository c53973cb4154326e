package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

func commandLine(t *testing.T) *kong.Application {
	t.Helper()
	parser, err := newParser(&commands{}, streams{}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model
}

// TestEveryCommandIsDescribed wants a sentence, an example that names the
// command, and exit statuses of each; and no text of a command that is gone.
func TestEveryCommandIsDescribed(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, node := range commandLine(t).Leaves(true) {
		path := pathOf(node)
		known[path] = true
		for _, want := range []string{"Example", "    parley " + path, "Exit status"} {
			// The examples of serve and restore have something in front.
			if !strings.Contains(node.Detail, strings.TrimSpace(want)) {
				t.Errorf("the help of %q has no %q:\n%s", path, want, node.Detail)
			}
		}
		if node.Help == "" || !strings.HasSuffix(node.Help, ".") {
			t.Errorf("%q is %q", path, node.Help)
		}
		for _, flag := range node.Flags {
			if flag.Help == "" {
				t.Errorf("--%s of %q has no help", flag.Name, path)
			}
		}
	}
	for path := range details {
		if !known[path] {
			t.Errorf("%q is described and no command", path)
		}
	}
}

// TestExamplesParse runs the examples of the help through the parser.
func TestExamplesParse(t *testing.T) {
	t.Parallel()
	for path, text := range details {
		for line := range strings.Lines(text) {
			example, ok := strings.CutPrefix(line, "    parley ")
			if !ok {
				continue
			}
			example = strings.NewReplacer("'", "", "$(date +%F)", "today", "\"", "", "${fpath[1]}", "x").Replace(example)
			for _, end := range []string{">", "|", "&&"} {
				example, _, _ = strings.Cut(example, end)
			}
			parser, err := newParser(&commands{}, streams{}, func(int) {})
			if err != nil {
				t.Fatal(err)
			}
			// The configuration file of an example does not exist here.
			args := strings.Fields(strings.Replace(example, "--config /etc/parley.toml", "", 1))
			if _, err := parser.Parse(args); err != nil {
				t.Errorf("%s: parley %s: %v", path, example, err)
			}
		}
	}
}

func TestHelpShowsDetailsAndSettings(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if status := run(t.Context(), []string{"token", "rotate", "--help"}, streams{out: &out, err: &out}); status != 0 {
		t.Errorf("status %d", status)
	}
	for _, want := range []string{"--overlap", "    parley token rotate --account 1 --id 7\n", "Exit status: 0", settingsGroup.Title, "$PARLEY_DATA_DIR"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), "$PARLEY_OVERLAP") {
		t.Errorf("a flag of one command claims a variable:\n%s", &out)
	}
}
