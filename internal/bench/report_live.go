package bench

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// live writes what was measured of streams, sockets and webhooks.
func (r *Report) live(w io.Writer) {
	switch {
	case r.Live != nil:
		r.Live.write(w)
	case r.Idle != nil:
		r.Idle.write(w)
	case r.Deliveries != nil:
		r.Deliveries.write(w)
	}
}

// spans writes latencies, one name a line.
type spans struct {
	name string
	of   Percentiles
}

func writeSpans(w io.Writer, all ...spans) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "%-27s\tp50 ms\tp90 ms\tp99 ms\tp99.9 ms\tmax ms\t\n", "latency")
	for _, s := range all {
		fmt.Fprintf(t, "%-27s\t%s\t%s\t%s\t%s\t%s\t\n", s.name, millis(s.of.P50), millis(s.of.P90), millis(s.of.P99), millis(s.of.P999), millis(s.of.Max))
	}
	_ = t.Flush() // it writes to memory
}

// written writes how writing went.
func written(w io.Writer, f *Figures) {
	fmt.Fprintf(w, "%d messages written, %.1f a second, %d errors, %d late, %d dropped", f.Requests, f.PerSecond, f.Errors, f.Late, f.Dropped)
	if f.CPUMillis > 0 {
		fmt.Fprintf(w, "; the server's processor time %.3f ms a message", f.CPUMillis)
	}
	if f.Peak != nil {
		fmt.Fprintf(w, ", RSS %s MiB and RssAnon %s MiB at most", mebibytes(f.Peak.RSS), mebibytes(f.Peak.Anonymous))
	}
	fmt.Fprintln(w)
}

func failures(w io.Writer, texts []string) {
	for _, text := range texts {
		fmt.Fprintln(w, text)
	}
}

func (r *LiveResult) write(w io.Writer) {
	fmt.Fprintf(w, "%d connections: %d of contacts, %d of agents; %d event streams, %d WebSockets\n",
		r.Contacts.Connections+r.Agents.Connections, r.Contacts.Connections, r.Agents.Connections, r.EventStreams, r.WebSockets)
	written(w, &r.Writes)
	for _, side := range []struct {
		name string
		a    *Arrivals
	}{{"contacts", &r.Contacts}, {"agents", &r.Agents}} {
		fmt.Fprintf(w, "%s: %d events came of %d, %d missing, %d repeated, %d strange, %d connections cut off\n",
			side.name, side.a.Events, side.a.Expected, side.a.Missing, side.a.Repeated, side.a.Strange, side.a.CutOff)
	}
	fmt.Fprintln(w)
	writeSpans(
		w, spans{"write to answer", r.Writes.Latency},
		spans{"event's time to contacts", r.Contacts.Latency}, spans{"event's time to agents", r.Agents.Latency},
		spans{"answer to contacts", r.Contacts.Answered}, spans{"answer to agents", r.Agents.Answered},
	)
	failures(w, r.Failures)
}

func (r *IdleResult) write(w io.Writer) {
	fmt.Fprintf(w, "%d idle WebSockets, opened at %.0f a second\n", r.Sockets, r.OpenedPerSecond)
	if r.Before != nil && r.After != nil && r.Peak != nil {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintf(t, "%-16s\tRSS MiB\tRssAnon MiB\tRSS KiB a socket\t\n", "server")
		for _, at := range []struct {
			name string
			m    *Memory
			each int64
		}{{"with one socket", r.Before, 0}, {"at the most", r.Peak, r.PeakPerSocket}, {"when idle", r.After, r.AfterPerSocket}} {
			each := ""
			if at.each > 0 {
				each = fmt.Sprintf("%.1f", float64(at.each)/(1<<10))
			}
			fmt.Fprintf(t, "%-16s\t%s\t%s\t%s\t\n", at.name, mebibytes(at.m.RSS), mebibytes(at.m.Anonymous), each)
		}
		_ = t.Flush() // it writes to memory
	}
	if r.Reached > 0 {
		fmt.Fprintf(w, "a message reached its contact after %.1f ms, and nobody else\n", r.Reached)
	}
	failures(w, r.Failures)
}

func (r *DeliveryResult) write(w io.Writer) {
	written(w, &r.Writes)
	fmt.Fprintf(w, "%d deliveries, %.1f a second, %d missing, %d repeated; the last came %.0f ms after the last answer\n\n",
		r.Deliveries, r.PerSecond, r.Missing, r.Repeated, r.Behind)
	writeSpans(w, spans{"write to answer", r.Writes.Latency}, spans{"event's time to receiver", r.Latency})
	failures(w, r.Failures)
}
