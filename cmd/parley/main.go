// Command parley is the customer-conversation server and its tools. Its
// subcommands stand in files by subject; what they do is in the packages below
// internal.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // working hours need the zones where the machine has none, as in the image

	"github.com/alecthomas/kong"

	"parley/internal/app"
	"parley/internal/config"
	"parley/internal/core"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr})
	stop()
	os.Exit(status)
}

// streams are the standard ones, so that tests can bring their own.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// commands is the whole command line.
type commands struct {
	config.Config
	ConfigFile kong.ConfigFlag `name:"config" env:"PARLEY_CONFIG" help:"TOML file of settings, named as the flags are." placeholder:"FILE"`

	Serve      serveCmd      `cmd:"" help:"Run the server."`
	Demo       demoCmd       `cmd:"" help:"Run the server on a throw-away database with a lively demo account."`
	Import     importCmd     `cmd:"" help:"Read accounts from an NDJSON file."`
	Export     exportCmd     `cmd:"" help:"Write accounts as NDJSON."`
	Account    accountCmd    `cmd:"" help:"Manage accounts."`
	Inbox      inboxCmd      `cmd:"" help:"Manage inboxes."`
	Agent      agentCmd      `cmd:"" help:"Manage agents."`
	Token      tokenCmd      `cmd:"" help:"Manage API tokens."`
	Backup     backupCmd     `cmd:"" help:"Write a backup, also while the server works."`
	Restore    restoreCmd    `cmd:"" help:"Put a backup in the place of the database."`
	Doctor     doctorCmd     `cmd:"" help:"Recount everything and report every difference."`
	Settings   configCmd     `cmd:"" name:"config" help:"Look at the settings."`
	Bench      benchCmd      `cmd:"" help:"Measure how fast the server answers."`
	Migrate    migrateCmd    `cmd:"" help:"Create or migrate the database, and nothing else."`
	Health     healthCmd     `cmd:"" help:"Ask the server on this machine whether it is ready."`
	Completion completionCmd `cmd:"" help:"Print a script by which a shell completes the command line."`
	Version    versionCmd    `cmd:"" help:"Print the version."`

	BenchFloor benchFloorCmd `cmd:"" hidden:"" help:"What bench compares with."`
}

// env is what a subcommand works with.
type env struct {
	ctx   context.Context //nolint:containedctx // it is the command's own, for as long as it runs
	cfg   *config.Config
	io    streams
	log   *slog.Logger
	clock core.Clock
}

// helpWidth is the width of help where the terminal is wider.
const helpWidth = 120

// errReported ends a command with status 1 after it has told why.
var errReported = errors.New("reported")

// run executes one command line and returns the exit status: 0, 1 for a
// failure, 2 for a command line or a setting that cannot be used.
func run(ctx context.Context, args []string, io streams) int {
	badEnv := errors.Join(config.CheckEnvironment(os.Environ()), config.LoadSecretFiles())
	var cmds commands
	exited := -1
	parser, err := newParser(&cmds, io, func(status int) { exited = status; panic(errReported) })
	if err != nil {
		fmt.Fprint(io.err, faults(err))
		return 2
	}
	kctx, err := parse(parser, args)
	if exited >= 0 {
		return exited
	}
	if err == nil {
		err = cmds.Check()
	}
	if errors.Join(badEnv, err) != nil {
		fmt.Fprint(io.err, faults(badEnv, err))
		return 2
	}
	e := &env{ctx: ctx, cfg: &cmds.Config, io: io, log: newLog(io.err, &cmds.Config), clock: now}
	switch err := kctx.Run(e); {
	case err == nil:
		return 0
	case errors.Is(err, errReported):
		return 1
	default:
		fmt.Fprintf(io.err, "parley: %v\n", err)
		return 1
	}
}

// newParser makes the parser of the command line. exit is called when kong
// wants to end the program, after it has printed help.
func newParser(cmds *commands, io streams, exit func(status int)) (*kong.Kong, error) {
	return kong.New(cmds,
		kong.Name("parley"),
		kong.Description("Self-hosted customer conversations, in the dialects that clients already speak."),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: helpWidth}),
		kong.PostBuild(nameVariables),
		kong.PostBuild(describe),
		kong.Configuration(loadConfigFile),
		kong.Writers(io.out, io.err),
		kong.Exit(exit),
	)
}

// parse runs the parser; printing help ends it early.
func parse(parser *kong.Kong, args []string) (kctx *kong.Context, err error) {
	defer func() {
		if p := recover(); p != nil && p != errReported { //nolint:errorlint // our own value
			panic(p)
		}
	}()
	return parser.Parse(args)
}

// now is the machine's clock.
func now() core.Time { return core.TimeOf(time.Now()) } //nolint:forbidigo // the one place that reads it

func newLog(w io.Writer, cfg *config.Config) *slog.Logger {
	opts := &slog.HandlerOptions{}
	var level slog.Level
	if level.UnmarshalText([]byte(cfg.LogLevel)) == nil { // the parser lets only levels pass
		opts.Level = level
	}
	if cfg.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// operator reaches the installation: a running server over its admin socket,
// else the database itself.
func (e *env) operator() (app.Operator, error) {
	if !e.cfg.Postgres() {
		if op, ok := app.DialOperator(e.ctx, e.cfg.AdminSocket()); ok {
			return op, nil
		}
	}
	st, err := app.OpenStore(e.ctx, e.cfg, e.log)
	if err != nil {
		return nil, err
	}
	return app.NewOperations(st, e.clock), nil
}

// withOperator runs f on the installation.
func (e *env) withOperator(f func(op app.Operator) error) error {
	op, err := e.operator()
	if err != nil {
		return err
	}
	return errors.Join(f(op), op.Close())
}

// print writes one line of JSON unless the command failed.
func (e *env) print(out json.RawMessage, err error) error {
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.io.out, "%s\n", out)
	return err
}
