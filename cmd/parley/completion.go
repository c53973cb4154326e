package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"The shell: bash, zsh or fish."`
}

// Run prints the script.
func (c completionCmd) Run(e *env, kctx *kong.Context) error {
	return writeCompletion(e.io.out, c.Shell, kctx.Model)
}

// place is one node of the command line, as a completion knows it.
type place struct {
	path     string // "", "token", "token list"
	commands []*kong.Node
	flags    []*kong.Flag // with those of the places above
}

// places walks the command line.
func places(node *kong.Node, path string, inherited []*kong.Flag) []place {
	at := place{path: path, flags: slices.Concat(inherited, node.Flags)}
	all := []place{}
	for _, child := range node.Children {
		if child.Type == kong.CommandNode && !child.Hidden {
			at.commands = append(at.commands, child)
			all = append(all, places(child, strings.TrimSpace(path+" "+child.Name), at.flags)...)
		}
	}
	return append([]place{at}, all...)
}

// words are what may follow in the place.
func (p place) words() string {
	var words []string
	for _, c := range p.commands {
		words = append(words, c.Name)
	}
	for _, f := range p.flags {
		words = append(words, "--"+f.Name)
	}
	return strings.Join(words, " ")
}

// values are the flags that take one of a few words. A flag's name means the
// same in every command.
func values(all []place) map[string]string {
	found := map[string]string{}
	for _, p := range all {
		for _, f := range p.flags {
			if f.Enum != "" {
				found[f.Name] = strings.ReplaceAll(f.Enum, ",", " ")
			}
		}
	}
	return found
}

// writeCompletion writes a script that knows the whole command line and asks
// nobody: the words so far that are commands make the place, which has its
// words.
func writeCompletion(w io.Writer, shell string, model *kong.Application) error {
	all := places(model.Node, "", nil)
	flags := values(all)
	names := make([]string, 0, len(flags))
	for name := range flags {
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	switch shell {
	case "bash":
		posix(&b, all, names, flags, bashForm)
	case "zsh":
		posix(&b, all, names, flags, zshForm)
	case "fish":
		fish(&b, all)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// form is in what bash and zsh differ.
type form struct{ head, words, previous, offer, tail string }

var bashForm = form{
	head:     "# Completion of parley for bash: source it, or put it into bash-completion's folder.\n_parley() {\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} at= word\n",
	words:    `"${COMP_WORDS[@]:1:COMP_CWORD-1}"`,
	previous: `"${COMP_WORDS[COMP_CWORD-1]}"`,
	offer:    `COMPREPLY=($(compgen -W "%s" -- "$cur"))`,
	tail:     "}\ncomplete -o default -F _parley parley\n",
}

var zshForm = form{
	head:     "#compdef parley\n# Completion of parley for zsh: put it into a folder of $fpath under the name _parley.\n_parley() {\n\tlocal at= word\n",
	words:    `"${(@)words[2,CURRENT-1]}"`,
	previous: `"${words[CURRENT-1]}"`,
	offer:    `compadd -- %s; _files`,
	tail:     "}\nif [ \"$funcstack[1]\" = _parley ]; then _parley \"$@\"; else compdef _parley parley; fi\n",
}

func posix(b *strings.Builder, all []place, names []string, flags map[string]string, f form) {
	b.WriteString(f.head)
	fmt.Fprintf(b, "\tfor word in %s; do\n\t\tcase \"$at $word\" in\n", f.words)
	for _, p := range all[1:] {
		fmt.Fprintf(b, "\t\t\" %s\") at=\" %s\" ;;\n", p.path, p.path)
	}
	fmt.Fprintf(b, "\t\tesac\n\tdone\n\tcase %s in\n", f.previous)
	for _, name := range names {
		fmt.Fprintf(b, "\t--%s) "+f.offer+"; return ;;\n", name, flags[name])
	}
	b.WriteString("\tesac\n\tcase \"$at\" in\n")
	for _, p := range all {
		at := p.path
		if at != "" {
			at = " " + at
		}
		fmt.Fprintf(b, "\t\"%s\") "+f.offer+" ;;\n", at, p.words())
	}
	b.WriteString("\tesac\n" + f.tail)
}

func fish(b *strings.Builder, all []place) {
	b.WriteString("# Completion of parley for fish: put it into ~/.config/fish/completions.\nfunction __parley_at\n\tset -l at\n" +
		"\tfor word in (commandline -opc)[2..-1]\n\t\tswitch \"$at $word\"\n")
	for _, p := range all[1:] {
		fmt.Fprintf(b, "\t\t\tcase ' %s'\n\t\t\t\tset at ' %s'\n", p.path, p.path)
	}
	b.WriteString("\t\tend\n\tend\n\ttest \"$at\" = \"$argv[1]\"\nend\n")
	quote := func(s string) string { return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'" }
	for _, p := range all {
		at := p.path
		if at != "" {
			at = " " + at
		}
		line := "complete -c parley -n " + quote("__parley_at "+quote(at))
		for _, c := range p.commands {
			fmt.Fprintf(b, "%s -f -a %s -d %s\n", line, c.Name, quote(c.Help))
		}
		for _, f := range p.flags {
			takes := " -r"
			switch {
			case f.IsBool():
				takes = ""
			case f.Enum != "":
				takes = " -x -a " + quote(strings.ReplaceAll(f.Enum, ",", " "))
			}
			fmt.Fprintf(b, "%s -l %s%s -d %s\n", line, f.Name, takes, quote(f.Help))
		}
	}
}
