package sqlstore

import (
	"context"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"parley/internal/core"
	"parley/internal/store"
)

// keyText is text that an index holds. Its length is limited, because
// PostgreSQL cannot index texts of any length.
type keyText string

// id is an identifier given by the caller.
type id int64

// ref is an identifier that is stored as NULL when it is 0.
type ref int64

// checkArgs refuses what the engines would not store alike and turns the
// types of this package into those that a Querier takes. It works in place.
// It is the one gate that every value passes.
func checkArgs(args []any) error {
	for i, arg := range args {
		v, err := plain(arg)
		if err != nil {
			return err
		}
		args[i] = v
	}
	return nil
}

// plain returns the value that is bound for arg.
func plain(arg any) (any, error) {
	switch v := arg.(type) {
	case nil, int64:
		return v, nil
	case string:
		return v, checkText(v)
	case keyText:
		return string(v), checkKey(string(v))
	case queriedJSON:
		if err := checkText(string(v)); err != nil {
			return nil, err
		}
		return string(v), checkQueriedJSON(string(v))
	case texts:
		return v.encode(), v.check()
	case id:
		return int64(v), checkID(int64(v))
	case ref:
		if v == 0 {
			return nil, nil
		}
		return int64(v), checkID(int64(v))
	case core.Time:
		return int64(v), nil
	case int:
		return int64(v), nil
	case bool:
		if v {
			return int64(1), nil
		}
		return int64(0), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, core.Refuse("", "a number is not finite")
		}
		return v, nil
	}
	return nil, fmt.Errorf("bind a value: no rule for %T", arg)
}

func checkKey(s string) error {
	if len(s) > store.MaxKeyBytes {
		return core.Refuse("", fmt.Sprintf("a text that is indexed is longer than %d bytes", store.MaxKeyBytes))
	}
	return checkText(s)
}

func checkText(s string) error {
	if strings.IndexByte(s, 0) >= 0 {
		return core.Refuse("", "a text contains a NUL byte")
	}
	if !utf8.ValidString(s) {
		return core.Refuse("", "a text is not valid UTF-8")
	}
	return nil
}

func checkID(v int64) error {
	if v < 0 || v > core.MaxID {
		return core.Refuse("", "an id is out of range")
	}
	return nil
}

// checked runs statements whose values have passed checkArgs, and turns the
// driver's errors into those of the contract.
type checked struct {
	q        Querier
	classify func(error) error
}

func (c checked) query(ctx context.Context, sql string, args ...any) (Rows, error) {
	if err := checkArgs(args); err != nil {
		return nil, err
	}
	rows, err := c.q.Query(ctx, sql, args...)
	if err != nil {
		return nil, c.classify(err)
	}
	return rows, nil
}

func (c checked) exec(ctx context.Context, sql string, args ...any) (int64, error) {
	if err := checkArgs(args); err != nil {
		return 0, err
	}
	n, err := c.q.Exec(ctx, sql, args...)
	if err != nil {
		return 0, c.classify(err)
	}
	return n, nil
}
