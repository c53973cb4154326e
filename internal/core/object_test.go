package core_test

import (
	"strings"
	"testing"

	"parley/internal/core"
)

func nested(open, end string, levels int) core.JSON {
	return core.JSON(`{"a":` + strings.Repeat(open, levels-1) + strings.Repeat(end, levels-1) + "}")
}

func TestCheckObject(t *testing.T) {
	t.Parallel()
	const most = 2000
	for text, want := range map[core.JSON]core.Kind{
		"":                        0,
		"{}":                      0,
		nested("[", "]", 99):      0,
		nested("[", "]", 100):     core.Invalid,
		nested(`{"a":`, "}", 100): core.Invalid,
		`{"a":"` + core.JSON(strings.Repeat(`[{\"`, 120)) + `"}`:    0,
		`{"a":[` + core.JSON(strings.Repeat(`[],{},`, 120)) + `0]}`: 0,
		`{"a":"\ud83d\ude00 \uD83D\uDE00 é \\ \/ \" \u00e9"}`:       0,
		`{"a":"\ud83d"}`:             core.Invalid,
		`{"a":"\ud83d\n"}`:           core.Invalid,
		`{"a":"\ud83d\u0041"}`:       core.Invalid,
		`{"a":"\ud83d\ud83d\ude00"}`: core.Invalid,
		`{"a":"\ude00"}`:             core.Invalid,
		`{"\uD83D":1}`:               core.Invalid,
		`{"a":"\\ud83d"}`:            0,
		`{"a":"\\\ud83d"}`:           core.Invalid,
		`{"a":"\u0000"}`:             core.Invalid,
		`{"a":"\u00`:                 0, // no JSON at all is for others to see
		`{"a":"` + core.JSON(strings.Repeat("x", most-8)) + `"}`: 0,
		`{"a":"` + core.JSON(strings.Repeat("x", most-7)) + `"}`: core.TooLarge,
	} {
		err := core.CheckObject("field", text, most)
		if want == 0 && err != nil || want != 0 && core.KindOf(err) != want {
			t.Errorf("%.80s: %v, want kind %v", text, err, want)
		}
	}
}
