package main

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
)

// TestBashCompletion sources the script in a real bash and asks for what
// follows some words.
func TestBashCompletion(t *testing.T) {
	t.Parallel()
	var script bytes.Buffer
	if err := writeCompletion(&script, "bash", commandLine(t)); err != nil {
		t.Fatal(err)
	}
	for words, want := range map[string]string{
		"parley tok":     "token",
		"parley token r": "revoke rotate",
		"parley --addr :1 token --log-format text ro":    "rotate",
		"parley token rotate --account 1 --ov":           "--overlap",
		"parley agent create --role ":                    "agent administrator",
		"parley inbox create --name token --channel w":   "web whatsapp",
		"parley serve --data":                            "--data-dir --database-url",
		"parley config print --database-url x --log-f":   "--log-format",
		"parley completion --no-such-flag ba":            "",
		"parley backup /var/backups/par":                 "",
		"parley token list --account 1 --json --log-fo":  "--log-format",
		"parley token create --account token --scope re": "read",
	} {
		ask := script.String() + `
COMP_WORDS=(` + words + `)
case "` + words + `" in *" ") COMP_WORDS+=("") ;; esac
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_parley
echo "${COMPREPLY[*]}"
`
		out, err := exec.CommandContext(t.Context(), "bash", "-uc", ask).CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != want {
			t.Errorf("%s: got %q, %v, want %q", words, out, err, want)
		}
	}
}

// TestCompletionsNameEverything looks for every command and flag in the
// scripts.
func TestCompletionsNameEverything(t *testing.T) {
	t.Parallel()
	model := commandLine(t)
	for shell, flag := range map[string]string{"bash": "--", "zsh": "--", "fish": "-l "} {
		var script bytes.Buffer
		if err := writeCompletion(&script, shell, model); err != nil {
			t.Fatal(err)
		}
		for _, node := range model.Leaves(true) {
			for _, f := range node.Flags {
				if !strings.Contains(script.String(), flag+f.Name) {
					t.Errorf("%s: no %s%s", shell, flag, f.Name)
				}
			}
			if !strings.Contains(script.String(), " "+pathOf(node)) {
				t.Errorf("%s: no %s", shell, pathOf(node))
			}
		}
	}
}
