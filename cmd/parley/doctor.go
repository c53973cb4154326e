package main

import (
	"fmt"

	"parley/internal/app"
)

type doctorCmd struct{}

// Run checks everything; a fault makes the status 1.
func (doctorCmd) Run(e *env) error {
	return e.withOperator(func(op app.Operator) error {
		faults, err := op.Doctor(e.ctx, e.io.out)
		if err != nil {
			return err
		}
		if faults > 0 {
			fmt.Fprintf(e.io.err, "%d faults\n", faults)
			return errReported
		}
		fmt.Fprintln(e.io.out, "all well")
		return nil
	})
}
