package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"parley/internal/app"
)

type backupCmd struct {
	Dir string `arg:"" help:"Folder to make; it must not exist, or be empty."`
}

// Run writes the backup: by the running server, else by itself.
func (c backupCmd) Run(e *env) error {
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return err
	}
	if !e.cfg.Postgres() {
		if op, ok := app.DialOperator(e.ctx, e.cfg.AdminSocket()); ok {
			out, err := op.Backup(e.ctx, dir)
			if cerr := op.Close(); err == nil {
				err = cerr
			}
			return e.print(out, err)
		}
	}
	out, err := app.Backup(e.ctx, e.cfg, dir, e.clock, e.log)
	return e.print(out, err)
}

type restoreCmd struct {
	Dir     string `arg:"" help:"Folder that parley backup has made."`
	Replace bool   `help:"Replace a database that holds accounts. A SQLite file is kept beside the new one, rows in PostgreSQL are gone."`
	Check   bool   `default:"true" negatable:"" help:"Let the doctor look at the restored database."`
}

// Run restores; faults that the doctor finds make the status 1.
func (c restoreCmd) Run(e *env) error {
	done, err := app.Restore(e.ctx, e.cfg, app.RestoreOptions{Dir: c.Dir, Replace: c.Replace, NoCheck: !c.Check}, e.clock, e.log, e.io.err)
	if err != nil {
		return err
	}
	out, err := json.Marshal(done)
	if err := e.print(out, err); err != nil {
		return err
	}
	if done.Faults != nil && *done.Faults > 0 {
		fmt.Fprintf(e.io.err, "%d faults\n", *done.Faults)
		return errReported
	}
	return nil
}
