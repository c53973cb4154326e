package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// Report is everything that is told of a run.
type Report struct {
	Machine Machine `json:"machine"`
	Data    Data    `json:"data"`
	Load    Pace    `json:"load"`
	// Start is of the server that was started for the run, nil without one.
	Start   *Startup `json:"start,omitempty"`
	Results []Result `json:"results,omitempty"`
	// What was measured instead of requests; nil = it was not.
	Live       *LiveResult     `json:"live,omitempty"`
	Idle       *IdleResult     `json:"idle,omitempty"`
	Deliveries *DeliveryResult `json:"deliveries,omitempty"`
}

// Machine is where it ran.
type Machine struct {
	OS      string `json:"os"`
	Arch    string `json:"arch"`
	Cores   int    `json:"cores"`
	Go      string `json:"go"`
	Version string `json:"parley"`
}

// ThisMachine describes the machine and the program of the given version.
func ThisMachine(version string) Machine {
	return Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: runtime.NumCPU(), Go: runtime.Version(), Version: version}
}

// Data is what was read.
type Data struct {
	Engine string  `json:"engine,omitempty"` // sqlite or postgres; "" = unknown
	URL    string  `json:"url,omitempty"`    // of a server that was not started here
	Fill   *Filled `json:"fill,omitempty"`
	// ImportedPerSecond is how many messages a second the fill imported, 0 when
	// it did not.
	ImportedPerSecond float64 `json:"imported_messages_per_second,omitempty"`
}

// Pace is the load as the report has it.
type Pace struct {
	Concurrency int     `json:"concurrency"`
	Rate        float64 `json:"rate,omitempty"` // requests a second; absent: closed loop
	WriteRate   float64 `json:"write_rate,omitempty"`
	Warmup      float64 `json:"warmup_seconds"`
	Duration    float64 `json:"duration_seconds"`
	Rounds      int     `json:"rounds"`
}

// paced tells whether there is load in an open loop.
func (p *Pace) paced() bool { return p.Rate > 0 || p.WriteRate > 0 }

// PaceOf describes the load of a plan.
func PaceOf(l Load, writeRate float64, rounds int) Pace {
	return Pace{
		Concurrency: l.Concurrency, Rate: l.Rate, WriteRate: writeRate,
		Warmup: l.Warmup.Seconds(), Duration: l.Duration.Seconds(), Rounds: rounds,
	}
}

// Startup is how the server started.
type Startup struct {
	// ReadyMillis is the time from its start to its first answer that it is
	// ready.
	ReadyMillis float64 `json:"ready_ms"`
	// Memory is what it held then, nil when it cannot be read.
	Memory *Memory `json:"memory,omitempty"`
	// BinaryBytes is the size of the program.
	BinaryBytes int64 `json:"binary_bytes"`
}

// Failed tells whether any request failed, or anything that was to come did not.
func (r *Report) Failed() bool {
	if r.Live != nil && r.Live.Failed() || r.Idle != nil && r.Idle.Failed() || r.Deliveries != nil && r.Deliveries.Failed() {
		return true
	}
	for i := range r.Results {
		if r.Results[i].Failed() {
			return true
		}
	}
	return false
}

// WriteJSON writes the report as one JSON object.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// WriteTable writes the report for people.
func (r *Report) WriteTable(w io.Writer) error {
	var text strings.Builder
	r.head(&text)
	if r.Live != nil || r.Idle != nil || r.Deliveries != nil {
		r.live(&text)
		_, err := io.WriteString(w, text.String())
		return err
	}
	t := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	columns := []string{"req/s", "of floor", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms", "CPU ms", "RssAnon MiB", "bytes", "requests", "errors"}
	if r.Load.paced() {
		columns = append(columns, "late", "dropped")
	}
	// The first column is on the left: it is filled up by hand.
	width := len("scenario")
	for i := range r.Results {
		width = max(width, len(r.Results[i].Scenario))
	}
	fmt.Fprintf(t, "%-*s\t%s\t\n", width, "scenario", strings.Join(columns, "\t"))
	for i := range r.Results {
		result := &r.Results[i]
		r.row(t, fmt.Sprintf("%-*s", width, result.Scenario), result.OfFloor, result.BodyBytes, &result.Server)
		if result.Floor != nil {
			r.row(t, fmt.Sprintf("%-*s", width, "  its floor"), 0, result.BodyBytes, result.Floor)
		}
		if result.Writes != nil {
			r.row(t, fmt.Sprintf("%-*s", width, "  writes"), 0, 0, result.Writes)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for i := range r.Results {
		for _, failure := range r.Results[i].Failures {
			fmt.Fprintf(&text, "%s: %s\n", r.Results[i].Scenario, failure)
		}
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// head writes what is not of one scenario alone.
func (r *Report) head(w io.Writer) {
	fmt.Fprintf(w, "parley %s, %s, %s/%s, %d cores\n", r.Machine.Version, r.Machine.Go, r.Machine.OS, r.Machine.Arch, r.Machine.Cores)
	switch {
	case r.Data.URL != "":
		fmt.Fprintf(w, "server %s", r.Data.URL)
	default:
		fmt.Fprintf(w, "engine %s", r.Data.Engine)
	}
	if f := r.Data.Fill; f != nil {
		fmt.Fprintf(w, ", %d conversations, %d a contact, %d messages each, seed %d", f.Conversations, f.PerContact, f.Messages, f.Seed)
	}
	if r.Data.ImportedPerSecond > 0 {
		fmt.Fprintf(w, ", imported at %.0f messages/s", r.Data.ImportedPerSecond)
	}
	fmt.Fprintln(w)
	loop := "closed loop"
	if r.Load.Rate > 0 {
		loop = fmt.Sprintf("open loop of %g requests/s", r.Load.Rate)
	}
	fmt.Fprintf(w, "%s, %d connections, %d rounds of %s after %s", loop, r.Load.Concurrency, r.Load.Rounds, seconds(r.Load.Duration), seconds(r.Load.Warmup))
	if r.Load.WriteRate > 0 {
		fmt.Fprintf(w, ", while %g a second are written", r.Load.WriteRate)
	}
	fmt.Fprintln(w)
	if s := r.Start; s != nil {
		fmt.Fprintf(w, "ready after %.0f ms, binary %s MiB", s.ReadyMillis, mebibytes(s.BinaryBytes))
		if s.Memory != nil {
			fmt.Fprintf(w, ", RSS %s MiB and RssAnon %s MiB at the start", mebibytes(s.Memory.RSS), mebibytes(s.Memory.Anonymous))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w)
}

func (r *Report) row(w io.Writer, name string, ofFloor float64, bytes int, f *Figures) {
	ratio, cpu, anon := "", "", ""
	if ofFloor > 0 {
		ratio = fmt.Sprintf("%.3f", ofFloor)
	}
	if f.CPUMillis > 0 {
		cpu = fmt.Sprintf("%.3f", f.CPUMillis)
	}
	if f.Peak != nil {
		anon = mebibytes(f.Peak.Anonymous)
	}
	l := f.Latency
	fmt.Fprintf(w, "%s\t%.0f\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t", name, f.PerSecond, ratio,
		millis(l.P50), millis(l.P90), millis(l.P99), millis(l.P999), millis(l.Max), cpu, anon, bytes, f.Requests, f.Errors)
	if r.Load.paced() {
		fmt.Fprintf(w, "%d\t%d\t", f.Late, f.Dropped)
	}
	fmt.Fprintln(w)
}

func millis(micros float64) string    { return fmt.Sprintf("%.2f", micros/1000) }
func mebibytes(bytes int64) string    { return fmt.Sprintf("%.1f", float64(bytes)/(1<<20)) }
func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
