package interchange

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"parley/internal/core"
	"parley/internal/store"
)

// forgets rolls every command back once it has succeeded.
type forgets struct{ store.Store }

var errForget = errors.New("forget it")

func (f forgets) InTx(ctx context.Context, account int64, fn func(ctx context.Context, tx store.Tx) error) error {
	err := f.Store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
		if err := fn(ctx, tx); err != nil {
			return err
		}
		return errForget
	})
	if errors.Is(err, errForget) {
		return nil
	}
	return err
}

// FuzzImportLine imports a line after those of faultBase. Whatever it holds, it
// is stored or refused for a reason; a record that can be read is written back
// as the same record.
func FuzzImportLine(f *testing.F) {
	for _, text := range []string{smallFile, cursorFile, faultBase} {
		for line := range strings.Lines(text) {
			f.Add([]byte(line))
		}
	}
	for _, fault := range append(faults, orderFaults...) {
		if len(fault.line) < 1000 {
			f.Add([]byte(fault.line))
		}
	}
	st := openSQLite(f)
	mustImport(f, st, faultBase)
	f.Fuzz(func(t *testing.T, line []byte) {
		checkLine(t, line)
		for _, remap := range []bool{false, true} {
			opts := testOptions()
			opts.Remap = remap
			_, err := Import(t.Context(), forgets{st}, bytes.NewReader(line), opts)
			var fault *LineError
			if err == nil || (errors.As(err, &fault) && fault.Line > 0 && fault.Err.Error() != "") {
				// An Internal error is one that nobody foresaw.
				var known *core.Error
				if errors.As(err, &known) && known.Kind == core.Internal {
					t.Fatalf("%q: %v", line, err)
				}
				continue
			}
			t.Fatalf("%q: not a fault of a line: %v", line, err)
		}
	})
}

// checkLine compares what is read from a line with encoding/json, and writes
// it back.
func checkLine(t *testing.T, line []byte) {
	t.Helper()
	r, _, err := decodeRecord(line, nil)
	if err != nil {
		return
	}
	if !json.Valid(line) {
		t.Fatalf("%q is no JSON", line)
	}
	written := appendRecord(nil, r)
	again, _, err := decodeRecord(written, nil)
	if err != nil {
		t.Fatalf("%q came back as %q: %v", line, written, err)
	}
	if twice := appendRecord(nil, again); !bytes.Equal(twice, written) {
		t.Fatalf("%q came back as\n%q\n%q", line, written, twice)
	}
	var wanted, got map[string]any
	if err := json.Unmarshal(line, &wanted); err != nil {
		t.Skip("a number that encoding/json cannot hold")
	}
	if err := json.Unmarshal(written, &got); err != nil {
		t.Fatalf("%q came back as %q: %v", line, written, err)
	}
	for key, value := range got {
		// A time may have been given in another zone.
		if _, ok := wanted[key]; !ok {
			t.Fatalf("%q came back with %s = %v", line, key, value)
		}
	}
}

// FuzzScan compares the scanner with encoding/json: it takes no text that is
// not JSON, and refuses an object only for what it must.
func FuzzScan(f *testing.F) {
	for _, text := range []string{`{"a":1}`, `{"a":"\ud83d\ude00"}`, `{"a":[1.5e-3,-0,true,false,null,{}]}`, `{"a":01}`, ` { } `, `{"a":"\u0000"}`, "{\"a\":\"\xff\"}"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if checkText(text) != nil {
			return
		}
		_, err := scanObject(text, 0, nil)
		trimmed := bytes.TrimLeft(text, " \t\r\n")
		valid := json.Valid(text) && len(trimmed) > 0 && trimmed[0] == '{'
		switch {
		case err == nil && !valid:
			t.Fatalf("%q is no JSON object", text)
		case err != nil && valid && !errors.Is(err, errNUL) && !errors.Is(err, errSurrogate) && !errors.Is(err, errDepth) && !strings.Contains(err.Error(), "is given twice"):
			t.Fatalf("%q: %v", text, err)
		}
	})
}
