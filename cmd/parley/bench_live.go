package main

import (
	"cmp"
	"errors"

	"parley/internal/bench"
	"parley/internal/config"
)

// measureRequests is the Measure of scenarios.
const measureRequests = "requests"

// liveRate is how many messages a second are written where no rate is named.
const liveRate = 500

// measureLive measures streams or webhooks, on a server of its own unless there
// is one.
func (c benchCmd) measureLive(e *env, cfg *config.Config, targets bench.Targets, report *bench.Report) (err error) {
	if targets.Live == nil {
		return errors.New("--measure: the targets do not say who can follow what happens")
	}
	plan := bench.LivePlan{Targets: *targets.Live, Load: c.load(), Await: targets.Scenarios, Clock: benchClock(), Progress: e.tell}
	plan.Load.Rate = cmp.Or(c.WriteRate, liveRate)
	// What is written is all the load there is.
	report.Load = bench.PaceOf(plan.Load, 0, 1)
	server, err := c.server(e, cfg, report, "--webhook-networks", "127.0.0.0/8")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	plan.URL, plan.PID = server.url, server.pid
	switch c.Measure {
	case "live":
		report.Live, err = plan.Follow(e.ctx, bench.Streams{Contacts: c.ContactStreams, Agents: c.AgentStreams})
	case "idle":
		report.Idle, err = plan.Idle(e.ctx, c.Sockets)
	case "webhooks":
		report.Deliveries, err = plan.Deliver(e.ctx)
	}
	return err
}
