package sqlstore_test

import (
	"testing"

	"parley/internal/store/sqlstore"
)

func TestIsWrite(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]bool{
		"SELECT 1":                                       false,
		"\n\tselect a FROM b":                            false,
		"(SELECT 1) UNION SELECT 2":                      false,
		"WITH a AS (SELECT 1) SELECT":                    false,
		"WITH a AS (DELETE FROM b RETURNING c) SELECT c": true,
		"INSERT INTO a VALUES (1)":                       true,
		"update a SET b = 1 RETURNING b":                 true,
		"DELETE FROM a":                                  true,
		"SELECTED":                                       true,
		"":                                               true,
	} {
		if got := sqlstore.IsWrite(sql); got != want {
			t.Errorf("IsWrite(%q) = %v, want %v", sql, got, want)
		}
	}
}
