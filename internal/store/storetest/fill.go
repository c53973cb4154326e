package storetest

import (
	"fmt"
	"reflect"

	"parley/internal/core"
)

// oddJSON is JSON that any re-encoding would change: its spacing, the order of
// its keys, a key given twice, and how its characters and numbers are written.
const oddJSON core.JSON = `{ "z":1,  "a" : {"b":[1.0, 1e2 ,-0],"é":"\u00e9\/"} ,"z": 2}`

// filled returns a T in which every field has a value of its own, none of them
// zero, so that a field that is dropped or confused with another one shows.
// References and enums have to be set by the caller.
func filled[T any](seed int64) T {
	var v T
	n := seed * 1000
	fill(reflect.ValueOf(&v).Elem(), "", &n)
	return v
}

func fill(v reflect.Value, name string, n *int64) {
	*n++
	switch v.Interface().(type) {
	case core.JSON:
		v.SetString(fmt.Sprintf("{%q:%d, \"odd\": %s}", name, *n, oddJSON))
		return
	case core.Time:
		// Every other one before 1970, all with microseconds.
		t := int64(noon) + *n*1_000_001
		if *n%2 == 0 {
			t = -t
		}
		v.SetInt(t)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), v.Type().Field(i).Name, n)
		}
	case reflect.String:
		v.SetString(fmt.Sprintf("%s %d é ß 漢 \U0001f600 '\"\\%%_", name, *n))
	case reflect.Int64, reflect.Int:
		v.SetInt(*n)
	case reflect.Float64:
		v.SetFloat(float64(*n) + 0.1)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		for range 3 {
			item := reflect.New(v.Type().Elem()).Elem()
			fill(item, name, n)
			v.Set(reflect.Append(v, item))
		}
	default:
		panic("storetest: fill: " + name + " is a " + v.Kind().String())
	}
}

// fieldChange sets one field to the value that another value has there.
type fieldChange[T any] struct {
	name  string
	apply func(v *T)
}

// fieldChanges returns a change for every field but the id, the account and
// those that never change.
func fieldChanges[T any](from T) []fieldChange[T] {
	var changes []fieldChange[T]
	source := reflect.ValueOf(from)
	for i := range source.NumField() {
		name := source.Type().Field(i).Name
		switch name {
		case "ID", "AccountID", "UUID", "DisplayID":
			continue
		}
		changes = append(changes, fieldChange[T]{name, func(v *T) { reflect.ValueOf(v).Elem().Field(i).Set(source.Field(i)) }})
	}
	return changes
}
