package main

import (
	"context"
	"fmt"

	"parley/internal/app"
	"parley/internal/bench"
	"parley/internal/buildinfo"
)

type serveCmd struct {
	UntilEOF bool `name:"until-eof" hidden:"" help:"Stop when standard input ends, as it does with the process that started this one."`
}

// Run serves until it is told to stop.
func (c serveCmd) Run(e *env) error {
	ctx := e.ctx
	if c.UntilEOF {
		var cancel context.CancelFunc
		ctx, cancel = bench.UntilEOF(ctx, e.io.in)
		defer cancel()
	}
	s, err := app.NewServer(ctx, e.cfg, e.clock, e.log)
	if err != nil {
		return err
	}
	return s.Run(ctx)
}

type migrateCmd struct{}

// Run opens the database, which migrates it.
func (migrateCmd) Run(e *env) error {
	st, err := app.OpenStore(e.ctx, e.cfg, e.log)
	if err != nil {
		return err
	}
	return st.Close()
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(e *env) error {
	_, err := fmt.Fprintf(e.io.out, "parley %s\n", buildinfo.Version)
	return err
}
