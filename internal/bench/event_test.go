package bench

import (
	"strings"
	"testing"
	"time"
)

func TestReadEvent(t *testing.T) {
	t.Parallel()
	const at = `"at":"2026-11-22T10:00:00.000123Z"`
	id, a, err := readEvent([]byte(`{"id":"x","type":"message.created",` + at + `,"contact_id":1,"data":{"message":{"id":71,"uuid":"u"}}}`))
	if err != nil || string(id) != "x" || a.message != 71 || !a.at.Equal(time.Date(2026, 11, 22, 10, 0, 0, 123_000, time.UTC)) {
		t.Errorf("%q, %+v, %v", id, a, err)
	}
	if id, a, err := readEvent([]byte(`{"id":"y","type":"conversation.updated",` + at + `}`)); err != nil || string(id) != "y" || a.message != 0 {
		t.Errorf("%q, %+v, %v", id, a, err)
	}
	for text, want := range map[string]string{
		`{}`:                            "this is no event",
		`{"id":"x","type":"a"}`:         "the time of an event",
		`{"id":"x","type":"a","at":"1"`: "the time of an event",
		`{"id":"x","type":"message.created",` + at + `,"data":{}}`:                    "has none",
		`{"id":"x","type":"message.created",` + at + `,"data":{"message":{"id":x,}}}`: "has none",
	} {
		if _, _, err := readEvent([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// TestArrivals counts what came on a stream against a log of four events.
func TestArrivals(t *testing.T) {
	t.Parallel()
	from := time.Unix(100, 0)
	w := &writes{answered: map[int64]time.Time{7: from.Add(30 * time.Millisecond)}}
	w.from = from
	a := newArrivals(w)
	at := func(event uint64, message int64) arrival {
		return arrival{event, message, from.Add(10 * time.Millisecond), from.Add(50 * time.Millisecond)}
	}
	early := at(2, 0)
	early.at = from.Add(-time.Second)
	// 99 came before the log's part began, 98 should not be there.
	a.add([]uint64{1, 2, 3, 4}, []arrival{at(99, 0), at(1, 7), early, at(98, 0), at(4, 0), at(4, 0)})
	got := a.result()
	if got.Events != 4 || got.Expected != 4 || got.Missing != 1 || got.Repeated != 1 || got.Strange != 1 || got.Connections != 1 || !got.failed() {
		t.Errorf("%+v", got)
	}
	if near := func(micros, millis float64) bool { return micros > millis*990 && micros < millis*1010 }; !near(got.Latency.Max, 40) || !near(got.Answered.Max, 20) {
		t.Errorf("latencies %+v and %+v", got.Latency, got.Answered)
	}
	if n := a.since.h.TotalCount(); n != 3 {
		t.Errorf("%d events are in the latencies, want those behind the warm-up, 3", n)
	}
}
