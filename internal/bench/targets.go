package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// TargetsFile is the name of the file of targets beside the data.
const TargetsFile = "bench-targets.json"

// Targets says what can be asked of a server, scenario by scenario.
type Targets struct {
	// Fill names the data that the targets belong to, nil when they were
	// written by hand.
	Fill      *Filled    `json:"fill,omitempty"`
	Scenarios []Scenario `json:"scenarios"`
	// Live says who can follow what happens, nil when nobody is known.
	Live *LiveTargets `json:"live,omitempty"`
}

// LiveTargets are who follows what happens, through /v1.
type LiveTargets struct {
	Keys

	// Contacts are the ids of contacts, which their only identities have, too.
	Contacts Series `json:"contacts"`
	// Conversations is how many there are: their ids are 1, 2, 3 and so on, and
	// they were dealt out to the contacts in turn.
	Conversations int64 `json:"conversations"`
}

// Scenario is one kind of request, of which each concerns another row.
type Scenario struct {
	Name string `json:"name"`
	// Headers go with every request, credentials among them.
	Headers map[string]string `json:"headers,omitempty"`
	// Paths are chosen from uniformly, over all series together.
	Paths []Series `json:"paths"`
	// Body is JSON that is posted to each path: the scenario writes. "" = it
	// gets them.
	Body string `json:"body,omitempty"`
	// Contains is a text that every right answer contains, so that an empty
	// list does not pass for a fast one; "" = whatever.
	Contains string `json:"contains,omitempty"`
	// Settled is a text that answers contain once the server is done with work
	// of its own that it has begun with; nothing is measured before. "" = there
	// is no such work.
	Settled string `json:"settled,omitempty"`
	// Revalidates has answers asked for that the client has already: each of
	// them is to be a 304.
	Revalidates bool `json:"revalidates,omitempty"`
}

// Series is a range of paths, each with its query: Prefix, the numbers First,
// First+1 and so on, Suffix.
type Series struct {
	Prefix string `json:"prefix"`
	First  int64  `json:"first,omitempty"`
	// Count is how many numbers there are; 0 = the one path without a number.
	Count int64 `json:"count,omitempty"`
	// Step is how far one number is from the next; 0 is 1.
	Step int64 `json:"step,omitempty"`
	// Digits is the length to which numbers are filled up with zeros.
	Digits int    `json:"digits,omitempty"`
	Suffix string `json:"suffix,omitempty"`
}

// size is how many paths the series has.
func (s *Series) size() int64 { return max(s.Count, 1) }

// number is the i-th number.
func (s *Series) number(i int64) int64 { return s.First + i*max(s.Step, 1) }

// append appends the i-th path.
func (s *Series) append(b []byte, i int64) []byte {
	b = append(b, s.Prefix...)
	if s.Count > 0 {
		number := strconv.FormatInt(s.number(i), 10)
		for range s.Digits - len(number) {
			b = append(b, '0')
		}
		b = append(b, number...)
	}
	return append(b, s.Suffix...)
}

// size is how many paths the scenario has.
func (s *Scenario) size() int64 {
	var n int64
	for i := range s.Paths {
		n += s.Paths[i].size()
	}
	return n
}

// appendPath appends the i-th path of all series.
func (s *Scenario) appendPath(b []byte, i int64) []byte {
	for k := range s.Paths {
		series := &s.Paths[k]
		if i < series.size() {
			return series.append(b, i)
		}
		i -= series.size()
	}
	panic(fmt.Sprintf("bench: scenario %s has no such path", s.Name))
}

// ReadTargets reads a file of targets and checks it.
func ReadTargets(path string) (Targets, error) {
	var t Targets
	text, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return t, err
	}
	if err := json.Unmarshal(text, &t); err != nil {
		return t, fmt.Errorf("targets file %s: %w", path, err)
	}
	if err := t.check(); err != nil {
		return t, fmt.Errorf("targets file %s: %w", path, err)
	}
	return t, nil
}

// Write stores the targets in a file that only its owner can read: it holds a
// credential.
func (t Targets) Write(path string) error {
	text, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return err
	}
	// A file that is there already would keep its mode.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o600)
}

// Writes tells whether the scenario changes the data.
func (s *Scenario) Writes() bool { return s.Body != "" }

// Writing returns the first scenario that writes.
func (t Targets) Writing() (*Scenario, error) {
	for i := range t.Scenarios {
		if t.Scenarios[i].Writes() {
			return &t.Scenarios[i], nil
		}
	}
	return nil, errors.New("no scenario writes")
}

// Select returns the scenarios of the names, in the file's order; no names
// select all that only read.
func (t Targets) Select(names []string) ([]Scenario, error) {
	if len(names) == 0 {
		reads := slices.DeleteFunc(slices.Clone(t.Scenarios), func(s Scenario) bool { return s.Writes() })
		if len(reads) == 0 {
			return nil, errors.New("all scenarios write: one must be named")
		}
		return reads, nil
	}
	wanted := map[string]bool{}
	for _, name := range names {
		wanted[name] = true
	}
	var found []Scenario
	var known []string
	for _, s := range t.Scenarios {
		if wanted[s.Name] {
			found = append(found, s)
			delete(wanted, s.Name)
		}
		known = append(known, s.Name)
	}
	for name := range wanted {
		return nil, fmt.Errorf("there is no scenario %q; there are %s", name, strings.Join(known, ", "))
	}
	return found, nil
}

// check refuses what would send broken requests.
func (t Targets) check() error {
	if len(t.Scenarios) == 0 {
		return errors.New("there are no scenarios")
	}
	for i := range t.Scenarios {
		s := &t.Scenarios[i]
		if s.Name == "" {
			return fmt.Errorf("scenario %d has no name", i+1)
		}
		if len(s.Paths) == 0 {
			return fmt.Errorf("scenario %s has no paths", s.Name)
		}
		for _, p := range s.Paths {
			if !strings.HasPrefix(p.Prefix, "/") || p.Count < 0 || p.First < 0 || p.Step < 0 || strings.ContainsAny(p.Prefix+p.Suffix, " \r\n") {
				return fmt.Errorf("scenario %s: a path begins with / and has no blanks, its numbers are not negative", s.Name)
			}
		}
		if s.Writes() && !json.Valid([]byte(s.Body)) {
			return fmt.Errorf("scenario %s: the body is not JSON", s.Name)
		}
		if s.Writes() && s.Revalidates {
			return fmt.Errorf("scenario %s: what is written is not revalidated", s.Name)
		}
		for name, value := range s.Headers {
			if name == "" || strings.ContainsAny(name, ": \r\n") || strings.ContainsAny(value, "\r\n") {
				return fmt.Errorf("scenario %s: %q is no header", s.Name, name)
			}
		}
	}
	return nil
}
