package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"parley/internal/app"
	"parley/internal/bench"
	"parley/internal/buildinfo"
	"parley/internal/config"
	"parley/internal/core"
	"parley/internal/store"
)

type benchCmd struct {
	Fill                 int    `help:"Fill an empty database with N conversations first. One that the same fill made before is used as it is; one with other accounts is refused." placeholder:"N" group:"Data"`
	ContactConversations int    `default:"5" help:"Conversations of each contact that --fill makes." group:"Data"`
	Messages             int    `default:"10" help:"Messages of each conversation that --fill makes." group:"Data"`
	Seed                 uint64 `default:"1" help:"Seed of the data that --fill makes, and of the choice of rows." group:"Data"`
	Targets              string `help:"File that says what can be asked. Without it bench-targets.json in the data dir, which --fill writes." placeholder:"FILE" group:"Data"`

	URL       string `name:"url" help:"Measure the server at this address instead of starting one on the database." placeholder:"URL" group:"Server"`
	ServerPID int    `name:"server-pid" help:"Process of that server, whose processor time and memory are read." placeholder:"PID" group:"Server"`

	Measure        string `default:"requests" enum:"requests,live,idle,webhooks" help:"What to measure: requests of scenarios; live: how fast events reach streams while messages are written; idle: what sockets cost on which nothing happens; webhooks: how fast they are sent." placeholder:"WHAT" group:"Load"`
	ContactStreams int    `default:"950" help:"Streams of contacts, for --measure live: server-sent events and WebSockets in turn." placeholder:"N" group:"Load"`
	AgentStreams   int    `default:"50" help:"Streams of the account and of agents, for --measure live." placeholder:"N" group:"Load"`
	Sockets        int    `default:"20000" help:"WebSockets, for --measure idle." placeholder:"N" group:"Load"`

	Scenario    []string      `help:"Measure only this scenario; may be repeated. Without it all that read." placeholder:"NAME" group:"Load"`
	Concurrency int           `default:"16" help:"Connections, each with at most one request under way." group:"Load"`
	WriteRate   float64       `help:"Messages a second that are written on the server while it is measured, on connections of their own. They stay in the data." placeholder:"R" group:"Load"`
	Rate        float64       `help:"Requests a second that fall due whether or not the server keeps up (open loop); a latency begins when its request fell due. Without it each connection asks again as soon as it has its answer (closed loop)." placeholder:"R" group:"Load"`
	Warmup      time.Duration `default:"500ms" help:"Load before each measurement that is not counted." group:"Load"`
	Duration    time.Duration `default:"1s" help:"Length of each measurement." group:"Load"`
	Rounds      int           `default:"3" help:"Measurements of each scenario, in turn with those of the floor; 0 fills and measures nothing." group:"Load"`
	Timeout     time.Duration `default:"10s" help:"Longest time of one request." group:"Load"`
	Floor       bool          `default:"true" negatable:"" help:"Compare with a bare HTTP server that sends answers of the same length." group:"Load"`

	JSON bool `name:"json" help:"Print the report as JSON." group:"Report"`
}

// throwAwayConversations is how much data a run without any gets.
const throwAwayConversations = 2000

// Run fills, measures and reports.
func (c benchCmd) Run(e *env) error {
	if err := c.check(); err != nil {
		return err
	}
	cfg := *e.cfg
	if c.throwAway(&cfg) {
		dir, err := os.MkdirTemp("", "parley-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir) //nolint:errcheck // a left-over below the temporary folder harms nobody
		cfg.DataDir, c.Fill = dir, throwAwayConversations
	}
	report := bench.Report{Machine: bench.ThisMachine(buildinfo.Version), Load: bench.PaceOf(c.load(), c.WriteRate, c.Rounds)}
	if c.Fill > 0 {
		filling, err := c.fill(e, &cfg)
		if err != nil {
			return err
		}
		if filling.Made {
			report.Data.ImportedPerSecond = float64(filling.Messages) / filling.Duration.Seconds()
		}
	}
	if c.Rounds == 0 {
		return nil
	}
	targets, err := bench.ReadTargets(c.targets(&cfg))
	if err != nil {
		return fmt.Errorf("what can be asked is not known (--fill makes data to ask for): %w", err)
	}
	report.Data.Fill = targets.Fill
	if c.Measure == measureRequests {
		err = c.measureRequests(e, &cfg, targets, &report)
	} else {
		err = c.measureLive(e, &cfg, targets, &report)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		err = report.WriteJSON(e.io.out)
	} else {
		err = report.WriteTable(e.io.out)
	}
	if err == nil && report.Failed() {
		fmt.Fprintln(e.io.err, "parley: requests failed, or something is missing")
		return errReported
	}
	return err
}

// check refuses flags that cannot be used.
func (c benchCmd) check() error {
	errs := []error{c.load().Check()}
	if c.Fill != 0 {
		errs = append(errs, c.data().Check())
	}
	if c.Rounds < 0 {
		errs = append(errs, errors.New("--rounds: must not be negative"))
	}
	if c.WriteRate < 0 {
		errs = append(errs, errors.New("--write-rate: must not be negative"))
	}
	if c.URL != "" && c.Fill != 0 {
		errs = append(errs, errors.New("--url: a server that runs is not filled"))
	}
	if c.ContactStreams < 0 || c.AgentStreams < 0 || c.ContactStreams+c.AgentStreams == 0 || c.Sockets < 1 {
		errs = append(errs, errors.New("--contact-streams, --agent-streams, --sockets: there must be some"))
	}
	if c.Measure != measureRequests && (c.Rate > 0 || len(c.Scenario) > 0) {
		errs = append(errs, errors.New("--measure: --rate and --scenario are of requests; messages are written at --write-rate"))
	}
	if c.URL == "" && c.ServerPID != 0 {
		errs = append(errs, errors.New("--server-pid: is of the server at --url"))
	}
	if c.Rounds == 0 && c.Fill == 0 {
		errs = append(errs, errors.New("--rounds: there is nothing to do"))
	}
	return errors.Join(errs...)
}

func (c benchCmd) load() bench.Load {
	return bench.Load{Concurrency: c.Concurrency, Rate: c.Rate, Warmup: c.Warmup, Duration: c.Duration, Timeout: c.Timeout, Seed: c.Seed}
}

func (c benchCmd) data() bench.Fill {
	return bench.Fill{Conversations: c.Fill, PerContact: c.ContactConversations, Messages: c.Messages, Seed: c.Seed}
}

// throwAway tells whether nothing was named that could be measured.
func (c benchCmd) throwAway(cfg *config.Config) bool {
	if c.Fill != 0 || c.URL != "" || c.Targets != "" || cfg.Postgres() || cfg.DataDir != config.Default().DataDir {
		return false
	}
	_, err := os.Stat(c.targets(cfg))
	return errors.Is(err, os.ErrNotExist)
}

// targets is the file of targets.
func (c benchCmd) targets(cfg *config.Config) string {
	if c.Targets != "" {
		return c.Targets
	}
	return filepath.Join(cfg.DataDir, bench.TargetsFile)
}

// fill makes the data and the file of targets, where they are not there.
func (c benchCmd) fill(e *env, cfg *config.Config) (bench.Filling, error) {
	st, err := app.OpenStore(e.ctx, cfg, e.log)
	if err != nil {
		return bench.Filling{}, err
	}
	ops := app.NewOperations(st, e.clock)
	fmt.Fprintf(e.io.err, "filling with %d conversations of %d messages\n", c.Fill, c.Messages)
	var progress func(messages int64)
	if isTerminal(e.io.err) {
		progress = func(messages int64) { fmt.Fprintf(e.io.err, "\r%d messages\r", messages) }
	}
	filling, err := c.data().Into(e.ctx, st, e.clock, progress)
	if err == nil {
		err = c.writeTargets(e, cfg, st, ops, filling.Filled)
	}
	if err = errors.Join(err, ops.Close()); err != nil {
		return filling, err
	}
	if !filling.Made {
		fmt.Fprintln(e.io.err, "the same fill made this database before: it is used as it is")
		return filling, nil
	}
	fmt.Fprintf(e.io.err, "imported %d messages in %.1f s: %.0f messages/s\n",
		filling.Messages, filling.Duration.Seconds(), float64(filling.Messages)/filling.Duration.Seconds())
	return filling, nil
}

// writeTargets writes the file of targets with new tokens, unless the one there
// is of this very data.
func (c benchCmd) writeTargets(e *env, cfg *config.Config, st store.Store, ops *app.Operations, data bench.Filled) error {
	path := c.targets(cfg)
	if there, err := bench.ReadTargets(path); err == nil && there.Fill != nil && *there.Fill == data {
		return nil
	}
	inbox, err := st.Inbox(e.ctx, bench.AccountID, bench.SigningInbox)
	if err != nil {
		return err
	}
	keys := bench.Keys{InboxID: inbox.ID, HMACToken: inbox.HMACToken}
	if keys.Token, err = benchToken(e, ops, 0, core.ScopeRead, core.ScopeWrite, core.ScopeAdmin); err != nil {
		return err
	}
	for _, agent := range bench.Staff() {
		token, err := benchToken(e, ops, agent, core.ScopeRead)
		if err != nil {
			return err
		}
		keys.AgentTokens = append(keys.AgentTokens, token)
	}
	// With PostgreSQL nobody has made the folder yet.
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return data.Targets(keys).Write(path)
}

// benchToken makes a token of an agent, or of the account when agent is 0.
func benchToken(e *env, ops *app.Operations, agent int64, scopes ...core.Scope) (string, error) {
	out, err := ops.CreateToken(e.ctx, app.TokenRequest{AccountID: bench.AccountID, AgentID: agent, Name: "bench " + rand.Text(), Scopes: scopes})
	if err != nil {
		return "", err
	}
	var made struct {
		Token string `json:"token"`
	}
	err = json.Unmarshal(out, &made)
	return made.Token, err
}

// measureRequests measures scenarios, on a server of its own unless there is one.
func (c benchCmd) measureRequests(e *env, cfg *config.Config, targets bench.Targets, report *bench.Report) (err error) {
	plan := bench.Plan{Load: c.load(), Rounds: c.Rounds, Clock: benchClock(), Progress: e.tell}
	if plan.Scenarios, err = targets.Select(c.Scenario); err != nil {
		return err
	}
	plan.Await = plan.Scenarios
	if c.WriteRate > 0 {
		plan.WriteRate = c.WriteRate
		if plan.Writes, err = targets.Writing(); err != nil {
			return fmt.Errorf("--write-rate: %w", err)
		}
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	if c.Floor {
		plan.Floor = &bench.FloorProgram{Program: program, Args: []string{"bench-floor"}, Env: childEnvironment(cfg)}
	}
	server, err := c.server(e, cfg, report)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	plan.URL, plan.PID = server.url, server.pid
	report.Results, err = plan.Run(e.ctx)
	return err
}

// tell tells of progress.
func (e *env) tell(what string) { fmt.Fprintln(e.io.err, what) }

// benchServer is what is measured.
type benchServer struct {
	url  string
	pid  int
	stop func() error
}

// server returns the server that is named, or starts one on the database, with
// more arguments.
func (c benchCmd) server(e *env, cfg *config.Config, report *bench.Report, more ...string) (benchServer, error) {
	report.Data.URL = c.URL
	if c.URL != "" {
		return benchServer{c.URL, c.ServerPID, func() error { return nil }}, nil
	}
	return startServer(e.ctx, cfg, report, more)
}

// startServer starts this program as a server on the database and waits until
// it is ready.
func startServer(ctx context.Context, cfg *config.Config, report *bench.Report, more []string) (benchServer, error) {
	program, err := os.Executable()
	if err != nil {
		return benchServer{}, err
	}
	info, err := os.Stat(program)
	if err != nil {
		return benchServer{}, err
	}
	clock := benchClock()
	begin := clock.Now()
	child, url, err := bench.Start(ctx, program, append([]string{
		"serve", "--until-eof", "--addr", "127.0.0.1:0", "--admin-addr", benchAdmin(cfg), "--rate-limit", "0", "--log-level", "info",
		"--data-dir", cfg.DataDir, "--log-format", "text",
	}, more...), childEnvironment(cfg), nil)
	if err != nil {
		return benchServer{}, err
	}
	if err := askReady(ctx, url); err != nil {
		return benchServer{}, errors.Join(err, child.Stop())
	}
	ready := clock.Now().Sub(begin)
	report.Data.Engine = "sqlite"
	if cfg.Postgres() {
		report.Data.Engine = "postgres"
	}
	report.Start = &bench.Startup{ReadyMillis: float64(ready.Microseconds()) / 1000, Memory: bench.MemoryOf(child.PID()), BinaryBytes: info.Size()}
	return benchServer{url, child.PID(), child.Stop}, nil
}

// benchAdmin is the address for profiles: any, unless one was chosen.
func benchAdmin(cfg *config.Config) string {
	if cfg.AdminAddr == config.Default().AdminAddr {
		return "127.0.0.1:0"
	}
	return cfg.AdminAddr
}

// askReady asks a server that says it serves whether it is ready.
func askReady(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", http.NoBody)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server is not ready: status %d", resp.StatusCode)
	}
	return nil
}

// childEnvironment is ours, with the database as the configuration has it: the
// URL may come from a flag or a file and must not stand on a command line.
func childEnvironment(cfg *config.Config) []string {
	var environ []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "PARLEY_DATABASE_URL") && !strings.HasPrefix(kv, "PARLEY_NATS_URL") {
			environ = append(environ, kv)
		}
	}
	return append(environ, "PARLEY_DATABASE_URL="+cfg.DatabaseURL.Reveal())
}

// benchClock is the machine's, with its monotonic reading.
func benchClock() bench.Clock {
	return bench.Clock{Now: time.Now, Sleep: bench.Sleep} //nolint:forbidigo // spans are measured on the machine's own clock
}

type benchFloorCmd struct {
	Bytes int `arg:"" help:"Length of the body, which comes on standard input."`
}

// Run serves the floor until standard input ends.
func (c benchFloorCmd) Run(e *env) error {
	return bench.ServeFloor(e.ctx, c.Bytes, e.io.in, e.io.out)
}
