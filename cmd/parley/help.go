package main

import (
	"strings"

	"github.com/alecthomas/kong"
)

// settingsGroup is where help shows the flags that every command shares.
var settingsGroup = &kong.Group{Key: "settings", Title: "Settings, the same for every command:"}

// usualStatus ends the help of commands that have no statuses of their own.
const usualStatus = `Exit status: 0 when it is done, 1 when it failed, 2 when the command line or a setting cannot be used.`

// details are what --help tells of each command beside its flags, by the
// command's path. Indented lines are printed as they are. A test wants one for
// every command.
var details = map[string]string{
	"serve": `Creates or migrates the database, then answers all dialects on --addr until it is told to stop (SIGINT, SIGTERM): requests in
flight are finished, new ones refused. On SQLite one process owns the data dir; other commands reach it over a socket in there.

Examples:

    parley serve
    parley serve --addr :8080 --data-dir /var/lib/parley
    PARLEY_DATABASE_URL=postgres://parley@db/parley parley serve

Exit status: 0 after an orderly stop, 1 when it could not start or had to end, 2 when a setting cannot be used.`,

	"demo": `Makes an account full of conversations in a temporary folder, serves it, and lets somebody write every few seconds. It prints a
token and one request for each dialect. The data goes when the demo ends.

Example:

    parley demo --seed 7`,

	"health": `Asks the server on --addr of this machine whether it is ready, within 5 seconds. It is made for the health checks of containers.

Example:

    parley health && echo ready

Exit status: 0 when the server is ready, 1 when it is not or does not answer, 2 when a setting cannot be used.`,

	"import": `Reads interchange lines (docs/interchange.md). Records that exist are skipped, so that a file can be read again after a fault. The
summary goes to standard output, also after a failure, when it tells how far the import came.

Examples:

    parley import accounts.ndjson
    zcat accounts.ndjson.gz | parley import -

Exit status: 0 when all of the file is stored, 1 when a line could not be, which standard error names, 2 when the command line
or a setting cannot be used.`,

	"export": `Writes interchange lines (docs/interchange.md) of one state of the database. Without --with-secrets tokens, keys and passwords are
left out, and an import makes new ones. To keep an installation safe, use parley backup.

Examples:

    parley export > all.ndjson
    parley export --account 1 --with-secrets > acme.ndjson`,

	"account create": `Example:

    parley account create --name 'Acme'
    {"account_id":1,"uuid":"0cf3f3da-6a92-4072-8325-cc4e6ccf895a"}`,

	"inbox create": `A web inbox gets a website token, an api inbox an identifier, and both an HMAC token, with which the account's own server vouches for
its contacts. They are secrets: keep what is printed.

Example:

    parley inbox create --account 1 --name 'Shop' --channel web`,

	"agent create": `The e-mail address becomes the agent's own identity.

Example:

    parley agent create --account 1 --name 'Rui' --email rui@example.org --role administrator`,

	"token create": `The token is printed here and never again: only its hash is stored.

Examples:

    parley token create --account 1 --name website --scope read
    parley token create --account 1 --name rui --agent 5 --expires 720h`,

	"token list": `Shows revoked and expired tokens, too. Nobody can show a token's text again.

Examples:

    parley token list --account 1
    parley token list --json | jq '.[] | select(.state == "valid")'`,

	"token revoke": `The token is refused from now on. Its name stays taken, so that the list keeps telling what it was.

Example:

    parley token revoke --account 1 --id 7`,

	"token rotate": `Makes a token of the same name, subject and scopes, valid for as long as the old one was made for, and prints it. The old one is
renamed to "NAME (replaced ID)" and expires after the overlap: time to put the new one in place.

Examples:

    parley token rotate --account 1 --id 7
    parley token rotate --account 1 --id 7 --overlap 0s`,

	"backup": `Writes a folder that holds the whole installation: the database, attachments, and a manifest with checksums. It takes one moment's
state while the server works: a running server on SQLite is asked over its socket and writes the folder itself. The folder
appears when it is whole; a backup that was killed leaves one called DIR.partial-... . The database is taken as it is, without
migrating it.

Examples:

    parley backup /var/backups/parley/$(date +%F)
    parley backup /mnt/parley --data-dir /var/lib/parley`,

	"restore": `Compares every file with its checksum, then puts the backup in the place of the database, which no server may use meanwhile. Backups of
older versions are migrated. Readers of the event log have to begin anew. A restore that is killed leaves the old database.

Example:

    systemctl stop parley
    parley restore /var/backups/parley/2026-03-01 --replace --data-dir /var/lib/parley
    systemctl start parley

Exit status: 0 when it is done, 1 when it was refused or failed, or the doctor found faults in what was restored, 2 when the
command line or a setting cannot be used.`,

	"doctor": `Recounts from the messages what the database keeps beside them, and checks what refers to what. It reads one state, changes nothing, and
may run beside a busy server.

Example:

    parley doctor --data-dir /var/lib/parley

Exit status: 0 when all is well, 1 when there is a fault, one a line, 2 when a setting cannot be used.`,

	"bench": `Measures reads of conversations, unread counts and searches: requests a second, latencies, and what they cost the server. Each request
concerns a contact or conversation chosen by chance. In turn with the server a floor is measured: a bare HTTP server that sends
answers of the same length under the same load. The ratio of both says more than either, since the machine's mood is in both.

With --measure it measures instead how fast events reach those who follow them while messages are written, what sockets cost on
which nothing happens, or how fast webhooks are sent.

The server is this program, started on a free port without a limit of requests. Without flags bench fills a small throw-away
database, measures it for a moment and removes it. Progress goes to standard error, the report to standard output;
docs/performance.md explains every figure.

Examples:

    parley bench --data-dir bench-data --fill 100000 --duration 10s
    parley bench --data-dir bench-data --rate 2000
    parley bench --url http://127.0.0.1:8080 --targets bench-targets.json
    parley bench --data-dir bench-data --measure live --duration 60s

Exit status: 0 when every request was answered rightly and all that was to come came, 1 when not, 2 when the command line or a setting cannot be used.`,

	"config print": `Examples:

    parley config print
    parley config print --json | jq '."rate-limit"'`,

	"config check": `Looks at flags, environment and configuration file as every other command does at its start.

Example:

    parley config check --config /etc/parley.toml

Exit status: 0 when all is well, 2 when something cannot be used, everything of it on standard error.`,

	"config doc": `Example:

    parley config doc > docs/configuration.md`,

	"migrate": `Every command that opens the database does this first; on its own it lets an upgrade be tried before the servers are. There is no way
back but a backup: see docs/operations.md.

Example:

    parley backup /var/backups/parley/before && parley migrate`,

	"completion": `Examples:

    parley completion bash > /etc/bash_completion.d/parley
    parley completion zsh > "${fpath[1]}/_parley"
    parley completion fish > ~/.config/fish/completions/parley.fish`,

	"version": `Example:

    parley version`,
}

// describe gives every command its details.
func describe(k *kong.Kong) error {
	for _, flag := range settings(k.Model) {
		flag.Group = settingsGroup
	}
	for _, node := range k.Model.Leaves(false) {
		text, ok := details[pathOf(node)]
		if !ok {
			continue
		}
		if !strings.Contains(text, "Exit status") {
			text += "\n\n" + usualStatus
		}
		node.Detail = text
	}
	return nil
}

// pathOf is the command as it is typed, without the program's name.
func pathOf(node *kong.Node) string {
	if node.Parent == nil {
		return ""
	}
	return strings.TrimSpace(pathOf(node.Parent) + " " + node.Name)
}
