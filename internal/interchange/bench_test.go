package interchange

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"runtime"
	"testing"
	"time"

	"parley/internal/core"
	"parley/internal/store"
	"parley/internal/testkit"
)

// bigFile writes an account with conversations of perThread messages each,
// without holding it in memory: each conversation with its messages, as an
// export does, or, spread, all conversations first and then their messages in
// turn, as a log would have them.
type bigFile struct {
	threads, perThread int
	spread             bool
	step               int
	buf                bytes.Buffer
}

const (
	bigHead = `{"kind":"account","id":1,"name":"Big","created_at":"2024-01-01T00:00:00Z"}
{"kind":"agent","id":1,"account_id":1,"name":"Ann","email":"ann@acme.test"}
{"kind":"inbox","id":1,"account_id":1,"name":"Site","channel":"web"}
`
	bigText = "Thanks for your patience. I have looked into this and can tell you that the parcel left our warehouse this morning."
)

// Read implements io.Reader.
func (f *bigFile) Read(p []byte) (int, error) {
	for f.buf.Len() == 0 {
		switch n := f.step; {
		case n == 0:
			f.buf.WriteString(bigHead)
		case n <= f.threads:
			f.thread(n)
			for i := 0; i < f.perThread && !f.spread; i++ {
				f.message(n, i)
			}
		case f.spread && n <= f.threads*(f.perThread+1):
			n -= f.threads + 1
			f.message(n%f.threads+1, n/f.threads)
		default:
			return 0, io.EOF
		}
		f.step++
	}
	return f.buf.Read(p)
}

func bigTime(thread, message int) []byte {
	return appendTime(nil, core.Time(1_704_067_200_000_000+int64(thread)*1_000_000_000+int64(message)*1_000_001))
}

func (f *bigFile) thread(n int) {
	w, created := &f.buf, bigTime(n, 0)
	fmt.Fprintf(w, `{"kind":"contact","id":%d,"account_id":1,"name":"Contact %d","email":"c%d@x.test","created_at":%s,"updated_at":%s,"last_activity_at":%s}`+"\n", n+1, n, n, created, created, created)
	fmt.Fprintf(w, `{"kind":"identity","id":%d,"contact_id":%d,"provider_type":6,"address":"visitor-%d","created_at":%s}`+"\n", n+1, n+1, n, created)
	fmt.Fprintf(w, `{"kind":"contact_inbox","id":%d,"identity_id":%d,"inbox_id":1,"source_id":"source-%d","created_at":%s}`+"\n", n, n+1, n, created)
	fmt.Fprintf(w, `{"kind":"conversation","id":%d,"display_id":%d,"inbox_id":1,"identity_id":%d,"contact_inbox_id":%d,"status":"open","contact_read_message_id":0,"agent_read_message_id":%d,"created_at":%s}`+"\n",
		n, n, n+1, n, f.messageID(n, 0), created)
}

func (f *bigFile) messageID(thread, i int) int {
	if f.spread {
		return i*f.threads + thread
	}
	return (thread-1)*f.perThread + i + 1
}

func (f *bigFile) message(thread, i int) {
	sender := `{"type":"contact"}`
	if i%2 == 1 {
		sender = `{"type":"agent","id":1}`
	}
	fmt.Fprintf(&f.buf, `{"kind":"message","id":%d,"conversation_id":%d,"sender":%s,"position":%d,"content":"%s","ext":{"commbox":{"type":4,"content":{"n":%d}}},"created_at":%s}`+"\n",
		f.messageID(thread, i), thread, sender, i+1, bigText, i, bigTime(thread, i+1))
}

func benchmarkImport(b *testing.B, open func(testing.TB) store.Store, spread bool) {
	b.Helper()
	const threads, perThread = 1_000, 20
	var took time.Duration
	for b.Loop() {
		b.StopTimer()
		st := open(b)
		b.StartTimer()
		began := time.Now()
		file := &bigFile{threads: threads, perThread: perThread, spread: spread}
		if _, err := Import(b.Context(), st, file, testOptions()); err != nil {
			b.Fatal(err)
		}
		took += time.Since(began)
	}
	b.ReportMetric(float64(b.N)*threads*perThread/took.Seconds(), "messages/s")
}

func BenchmarkImportSQLite(b *testing.B)         { benchmarkImport(b, openSQLite, false) }
func BenchmarkImportSQLiteSpread(b *testing.B)   { benchmarkImport(b, openSQLite, true) }
func BenchmarkImportPostgres(b *testing.B)       { benchmarkImport(b, openPostgres, false) }
func BenchmarkImportPostgresSpread(b *testing.B) { benchmarkImport(b, openPostgres, true) }

func BenchmarkExportSQLite(b *testing.B) {
	st := openSQLite(b)
	const threads, perThread = 1_000, 20
	if _, err := Import(b.Context(), st, &bigFile{threads: threads, perThread: perThread}, testOptions()); err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	for b.Loop() {
		if err := Export(b.Context(), st, io.Discard, ExportOptions{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*threads*perThread/time.Since(began).Seconds(), "messages/s")
}

func BenchmarkDecodeRecord(b *testing.B) {
	file := &bigFile{threads: 1, perThread: 1}
	all, err := io.ReadAll(file)
	if err != nil {
		b.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSpace(all), []byte("\n"))
	line := lines[len(lines)-1]
	b.SetBytes(int64(len(line)))
	var members []member
	for b.Loop() {
		if _, members, err = decodeRecord(line, members); err != nil {
			b.Fatal(err)
		}
	}
}

// TestMemoryIsBounded imports files of two sizes: what lives on the heap while
// the larger one is read is no more than with the smaller one.
//
//nolint:paralleltest // The heap of other tests would be in the figures.
func TestMemoryIsBounded(t *testing.T) {
	if testkit.Small() {
		t.Skip("what lives on the heap is the same with the race detector, and takes it a minute")
	}
	const small, large = 200, 2_000
	for _, spread := range []bool{false, true} {
		peaks := [2]uint64{}
		for i, threads := range []int{small, large} {
			st := openSQLite(t)
			opts := testOptions()
			batches := 0
			opts.Progress = func(Summary) {
				if batches++; batches%4 == 0 {
					peaks[i] = max(peaks[i], liveHeap())
				}
			}
			if _, err := Import(t.Context(), st, &bigFile{threads: threads, perThread: 20, spread: spread}, opts); err != nil {
				t.Fatal(err)
			}
			if i == 1 {
				peaks[i] = max(peaks[i], exportPeak(t, st))
			}
		}
		const slack = 4 << 20
		t.Logf("spread %v: %d threads live on %d KiB, %d on %d KiB", spread, small, peaks[0]>>10, large, peaks[1]>>10)
		if peaks[1] > peaks[0]+slack {
			t.Errorf("spread %v: the heap grew from %d to %d bytes with the file", spread, peaks[0], peaks[1])
		}
	}
}

// liveHeap returns what lives on the heap, as the least of a few looks: the
// writer holds what a batch was made of for a moment after it answered, and on
// a busy machine that moment is long.
func liveHeap() uint64 {
	least := uint64(math.MaxUint64)
	for range 4 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		least = min(least, m.HeapAlloc)
		runtime.Gosched()
	}
	return least
}

// exportPeak exports the store and returns what lived on the heap meanwhile.
func exportPeak(t *testing.T, st store.Store) uint64 {
	t.Helper()
	w := &heapWatcher{}
	if err := Export(t.Context(), st, w, ExportOptions{}); err != nil {
		t.Fatal(err)
	}
	return w.peak
}

type heapWatcher struct {
	writes int
	peak   uint64
}

// Write implements io.Writer.
func (w *heapWatcher) Write(p []byte) (int, error) {
	if w.writes++; w.writes%50 == 0 {
		w.peak = max(w.peak, liveHeap())
	}
	return len(p), nil
}
