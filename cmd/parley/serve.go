package main

import (
	"fmt"

	"parley/internal/app"
)

type serveCmd struct{}

// Run serves until it is told to stop.
func (serveCmd) Run(e *env) error {
	s, err := app.NewServer(e.ctx, e.cfg, e.clock, e.log)
	if err != nil {
		return err
	}
	return s.Run(e.ctx)
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
	_, err := fmt.Fprintf(e.io.out, "parley %s\n", version)
	return err
}
