package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"parley/internal/app"
)

type importCmd struct {
	File  string `arg:"" help:"NDJSON file, - for standard input."`
	Remap bool   `help:"Give new ids to records whose ids are taken."`
}

// Run imports the file. The summary goes to standard output, also after a
// failure: it then names the last good line.
func (c importCmd) Run(e *env) error {
	in := e.io.in
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close() //nolint:errcheck // it was only read
		in = f
	}
	return e.withOperator(func(op app.Operator) error {
		progress := newProgress(in, e.io.err)
		summary, err := op.Import(e.ctx, progress, c.Remap)
		progress.done()
		if len(summary) > 0 {
			fmt.Fprintf(e.io.out, "%s\n", summary)
		}
		if err != nil {
			fmt.Fprintln(e.io.err, err)
			return errReported
		}
		return nil
	})
}

// progress counts lines as they are read and tells a terminal.
type progress struct {
	io.Reader
	w     io.Writer
	lines int
	told  int
}

// linesPerReport is how many lines pass between two reports.
const linesPerReport = 10_000

func newProgress(r io.Reader, w io.Writer) *progress {
	p := &progress{Reader: r}
	if isTerminal(w) {
		p.w = w
	}
	return p
}

// isTerminal tells whether somebody watches what is written.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Read passes on and counts.
func (p *progress) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	for _, c := range b[:n] {
		if c == '\n' {
			p.lines++
		}
	}
	if p.w != nil && p.lines-p.told >= linesPerReport {
		p.told = p.lines
		fmt.Fprintf(p.w, "\r%d lines", p.lines)
	}
	return n, err
}

func (p *progress) done() {
	if p.w != nil && p.told > 0 {
		fmt.Fprintf(p.w, "\r%d lines\n", p.lines)
	}
}

type exportCmd struct {
	Account     int64 `placeholder:"ID" help:"Id of the account; without it all."`
	WithSecrets bool  `help:"Write token hashes, keys and other secrets too, so that a moved installation keeps every credential."`
}

// Run writes the export to standard output.
func (c exportCmd) Run(e *env) error {
	return e.withOperator(func(op app.Operator) error {
		w := bufio.NewWriterSize(e.io.out, 1<<20)
		return errors.Join(op.Export(e.ctx, w, c.Account, c.WithSecrets), w.Flush())
	})
}
