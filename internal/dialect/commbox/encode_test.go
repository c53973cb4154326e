package commbox

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"parley/internal/core"
)

// MarshalJSON is what the appender is compared with.
func (t stamp) MarshalJSON() ([]byte, error) {
	if t == 0 {
		return []byte("null"), nil
	}
	return json.Marshal(core.Time(t).Std().Truncate(time.Second).Format(time.RFC3339))
}

// MarshalJSON is what the appender is compared with.
func (n nullable) MarshalJSON() ([]byte, error) {
	if n.Null {
		return []byte("null"), nil
	}
	return marshal(n.Text)
}

// marshal encodes v the way that this dialect is meant to look.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// TestAppendersEqualEncodingJSON fills whole objects at random and compares
// the appenders with the tags of wire.go.
func TestAppendersEqualEncodingJSON(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		var o object
		fill(random, reflect.ValueOf(&o).Elem())
		want, err := marshal(o)
		if err != nil {
			t.Fatalf("marshal: %v", err)
		}
		b := o.appendHead(nil)
		for i := range o.Childs {
			b = o.Childs[i].appendJSON(separate(b, i > 0), o.Childs[i].User.appendJSON(nil))
		}
		b = appendActivities(b)
		for i := range o.ActivityLogs {
			b = o.ActivityLogs[i].appendJSON(separate(b, i > 0))
		}
		if got := o.appendTail(b); string(got) != string(want) {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	}
}

// fill sets every field below v that the wire leaves open.
func fill(random *rand.Rand, v reflect.Value) {
	switch v.Kind() {
	case reflect.Int64:
		if v.Type() == reflect.TypeFor[stamp]() {
			if random.IntN(3) > 0 {
				v.SetInt(random.Int64N(4_000_000_000_000_000))
			}
			return
		}
		v.SetInt([]int64{0, 1, core.MaxID, random.Int64()}[random.IntN(4)])
	case reflect.String:
		v.SetString([]string{"", "{}", `{"a": "<b>"}`, "972505555555", "\u2028\"ü"}[random.IntN(5)])
	case reflect.Bool:
		v.SetBool(random.IntN(2) == 0)
	case reflect.Pointer:
		if random.IntN(2) == 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(random, v.Elem())
		}
	case reflect.Slice:
		// The participants are always empty.
		n := random.IntN(3)
		if v.Type().Elem() == reflect.TypeFor[null]() {
			n = 0
		}
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(random, v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(random, v.Field(i))
		}
	}
}

func TestAppendersDoNotAllocate(t *testing.T) { //nolint:paralleltest // it counts the allocations of the whole process
	var o object
	fill(rand.New(rand.NewPCG(5, 6)), reflect.ValueOf(&o).Elem())
	o.Childs, o.ActivityLogs = make([]child, 1), make([]activity, 1)
	user := o.Childs[0].User.appendJSON(nil)
	buf := make([]byte, 0, 16<<10)
	n := testing.AllocsPerRun(100, func() {
		b := o.Childs[0].appendJSON(o.appendHead(buf), user)
		o.appendTail(o.ActivityLogs[0].appendJSON(b))
	})
	if n != 0 {
		t.Errorf("an object costs %v allocations, want none", n)
	}
}
