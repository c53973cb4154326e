package interchange

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"parley/internal/core"
	"parley/internal/store"
)

// bigFile writes an account with conversations of perThread messages each, as
// an export does, without holding it in memory.
type bigFile struct {
	threads, perThread int
	next               int // thread to write
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
		if f.next > f.threads {
			return 0, io.EOF
		}
		if f.next == 0 {
			f.buf.WriteString(bigHead)
		} else {
			f.thread(f.next)
		}
		f.next++
	}
	return f.buf.Read(p)
}

func (f *bigFile) thread(n int) {
	at := core.Time(1_704_067_200_000_000 + int64(n)*1_000_000_000)
	stamp := func() string {
		at += 1_000_001
		return string(appendTime(nil, at))
	}
	created := stamp()
	w := &f.buf
	fmt.Fprintf(w, `{"kind":"contact","id":%d,"account_id":1,"name":"Contact %d","email":"c%d@x.test","created_at":%s,"updated_at":%s,"last_activity_at":%s}`+"\n", n+1, n, n, created, created, created)
	fmt.Fprintf(w, `{"kind":"identity","id":%d,"contact_id":%d,"provider_type":6,"address":"visitor-%d","created_at":%s}`+"\n", n+1, n+1, n, created)
	fmt.Fprintf(w, `{"kind":"contact_inbox","id":%d,"identity_id":%d,"inbox_id":1,"source_id":"source-%d","created_at":%s}`+"\n", n, n+1, n, created)
	first := int64(n-1) * int64(f.perThread)
	fmt.Fprintf(w, `{"kind":"conversation","id":%d,"display_id":%d,"inbox_id":1,"identity_id":%d,"contact_inbox_id":%d,"status":"open","contact_read_message_id":0,"agent_read_message_id":%d,"created_at":%s}`+"\n", n, n, n+1, n, first+1, created)
	for i := range f.perThread {
		sender := `{"type":"contact"}`
		if i%2 == 1 {
			sender = `{"type":"agent","id":1}`
		}
		fmt.Fprintf(w, `{"kind":"message","id":%d,"conversation_id":%d,"sender":%s,"position":%d,"content":"%s","ext":{"commbox":{"type":4,"content":{"n":%d}}},"created_at":%s}`+"\n", first+int64(i)+1, n, sender, i+1, bigText, i, stamp())
	}
}

func benchmarkImport(b *testing.B, open func(testing.TB) store.Store) {
	const threads, perThread = 1_000, 20
	for b.Loop() {
		st := open(b)
		began := time.Now()
		if _, err := Import(context.Background(), st, &bigFile{threads: threads, perThread: perThread}, testOptions()); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(threads*perThread/time.Since(began).Seconds(), "messages/s")
	}
}

func BenchmarkImportSQLite(b *testing.B)   { benchmarkImport(b, openSQLite) }
func BenchmarkImportPostgres(b *testing.B) { benchmarkImport(b, openPostgres) }
