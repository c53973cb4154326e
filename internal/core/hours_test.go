package core_test

import (
	"testing"
	"time"

	"parley/internal/core"
)

const (
	// officeHours are nine to five from Monday to Friday.
	officeHours = `[{"day_of_week":0,"closed_all_day":true,"open_hour":null,"open_minutes":null,"close_hour":null,"close_minutes":null,"open_all_day":false},
		{"day_of_week":1,"open_hour":9,"open_minutes":0,"close_hour":17,"close_minutes":0},{"day_of_week":2,"open_hour":9,"open_minutes":0,"close_hour":17,"close_minutes":0},
		{"day_of_week":3,"open_hour":9,"open_minutes":0,"close_hour":17,"close_minutes":0},{"day_of_week":4,"open_hour":9,"open_minutes":0,"close_hour":17,"close_minutes":0},
		{"day_of_week":5,"open_hour":9,"open_minutes":0,"close_hour":17,"close_minutes":0},{"day_of_week":6,"closed_all_day":true}]`
	sundayNight    = `[{"day_of_week":0,"open_hour":22,"open_minutes":0,"close_hour":6,"close_minutes":30}]`
	saturdayNight  = `[{"day_of_week":6,"open_hour":22,"open_minutes":0,"close_hour":2,"close_minutes":30}]`
	sundayMorning  = `[{"day_of_week":0,"open_hour":1,"open_minutes":30,"close_hour":2,"close_minutes":30}]`
	untilMidnight  = `[{"day_of_week":0,"open_hour":20,"open_minutes":15,"close_hour":24,"close_minutes":0}]`
	wholeSunday    = `[{"day_of_week":0,"open_all_day":true,"closed_all_day":false}]`
	hoursWithNoDay = `[{"day":1,"open_hour":9,"close_hour":10},{"day_of_week":7,"open_all_day":true},{"day_of_week":-1,"open_all_day":true},{}]`
)

func TestIsOpen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, hours, zone, accountZone string
		at                             string
		want                           bool
	}{
		{"no hours", "", "", "", "2026-03-01T03:00:00Z", true},
		{"an empty list", "[]", "", "", "2026-03-01T03:00:00Z", true},
		{"null", "null", "", "", "2026-03-01T03:00:00Z", true},
		{"no day is named", hoursWithNoDay, "", "", "2026-03-01T03:00:00Z", true},
		{"not a list of rows", `{"day_of_week":0}`, "", "", "2026-03-01T03:00:00Z", true},
		{"a row of texts", `[{"day_of_week":"monday"}]`, "", "", "2026-03-01T03:00:00Z", true},

		{"Monday, before", officeHours, "", "", "2026-03-02T08:59:59.999Z", false},
		{"Monday, the first instant", officeHours, "", "", "2026-03-02T09:00:00Z", true},
		{"Monday, the last instant", officeHours, "", "", "2026-03-02T16:59:59.999999Z", true},
		{"Monday, the minute of closing", officeHours, "", "", "2026-03-02T17:00:00Z", false},
		{"Sunday", officeHours, "", "", "2026-03-01T12:00:00Z", false},
		{"Saturday", officeHours, "", "", "2026-03-07T12:00:00Z", false},
		{"before 1970", officeHours, "", "", "1969-12-31T12:00:00Z", true}, // a Wednesday

		{"Friday morning in Tokyo is Thursday night in UTC", officeHours, "Asia/Tokyo", "", "2026-03-06T00:00:00Z", true},
		{"Saturday in Tokyo is Friday in UTC", officeHours, "Asia/Tokyo", "", "2026-03-06T15:00:00Z", false},
		{"Friday in Honolulu is Saturday in UTC", officeHours, "Pacific/Honolulu", "", "2026-03-07T02:00:00Z", true},
		{"half an hour in Kolkata", officeHours, "Asia/Kolkata", "", "2026-03-02T03:30:00Z", true},
		{"half an hour in Kolkata, before", officeHours, "Asia/Kolkata", "", "2026-03-02T03:29:59Z", false},
		{"the account's zone", officeHours, "", "Asia/Tokyo", "2026-03-06T00:00:00Z", true},
		{"the inbox's zone before the account's", officeHours, "UTC", "Asia/Tokyo", "2026-03-06T00:00:00Z", false},
		{"an unknown zone is UTC", officeHours, "Mars/Olympus", "Asia/Tokyo", "2026-03-02T09:00:00Z", true},
		{"the machine's zone is not looked at", officeHours, "Local", "", "2026-03-02T09:00:00Z", true},

		// Berlin: winter is an hour ahead of UTC, summer two. The clocks go
		// forward on 2026-03-29 at 01:00 UTC and back on 2026-10-25 at 01:00.
		{"Berlin in winter, opening", officeHours, "Europe/Berlin", "", "2026-03-27T08:00:00Z", true},
		{"Berlin in winter, before", officeHours, "Europe/Berlin", "", "2026-03-27T07:59:59Z", false},
		{"Berlin in summer, opening", officeHours, "Europe/Berlin", "", "2026-03-30T07:00:00Z", true},
		{"Berlin in summer, closing", officeHours, "Europe/Berlin", "", "2026-03-30T15:00:00Z", false},
		{"half past two is skipped in spring: still open at 1:59", sundayMorning, "Europe/Berlin", "", "2026-03-29T00:59:59Z", true},
		{"half past two is skipped in spring: closed at 3:00", sundayMorning, "Europe/Berlin", "", "2026-03-29T01:00:00Z", false},
		{"half past two comes twice in autumn: the first 2:29", sundayMorning, "Europe/Berlin", "", "2026-10-25T00:29:59Z", true},
		{"half past two comes twice in autumn: the first 2:30", sundayMorning, "Europe/Berlin", "", "2026-10-25T00:30:00Z", false},
		{"half past two comes twice in autumn: the second 2:00", sundayMorning, "Europe/Berlin", "", "2026-10-25T01:00:00Z", true},
		{"half past two comes twice in autumn: the second 2:30", sundayMorning, "Europe/Berlin", "", "2026-10-25T01:30:00Z", false},
		{"a night into the change: open at 1:59", saturdayNight, "Europe/Berlin", "", "2026-03-29T00:59:00Z", true},
		{"a night into the change: closed at 3:00", saturdayNight, "Europe/Berlin", "", "2026-03-29T01:00:00Z", false},
		{"the south, where summer is in winter", officeHours, "Australia/Sydney", "", "2026-01-04T22:00:00Z", true},

		{"over midnight, before", sundayNight, "", "", "2026-03-01T21:59:00Z", false},
		{"over midnight, opening", sundayNight, "", "", "2026-03-01T22:00:00Z", true},
		{"over midnight, the next day", sundayNight, "", "", "2026-03-02T06:29:59Z", true},
		{"over midnight, closing", sundayNight, "", "", "2026-03-02T06:30:00Z", false},
		{"over midnight, the morning before", sundayNight, "", "", "2026-03-01T03:00:00Z", false},
		{"from Saturday into Sunday", saturdayNight, "", "", "2026-03-01T02:29:00Z", true},
		{"until midnight, the last minute", untilMidnight, "", "", "2026-03-01T23:59:59Z", true},
		{"until midnight, the next day", untilMidnight, "", "", "2026-03-02T00:00:00Z", false},
		{"all day, its beginning", wholeSunday, "", "", "2026-03-01T00:00:00Z", true},
		{"all day, its end", wholeSunday, "", "", "2026-03-01T23:59:59Z", true},
		{"a day without a row", wholeSunday, "", "", "2026-03-02T12:00:00Z", false},

		{"two rows of a day", `[{"day_of_week":0,"open_hour":8,"close_hour":9},{"day_of_week":0,"open_hour":12,"close_hour":13}]`, "", "", "2026-03-01T12:30:00Z", true},
		{"between two rows", `[{"day_of_week":0,"open_hour":8,"close_hour":9},{"day_of_week":0,"open_hour":12,"close_hour":13}]`, "", "", "2026-03-01T10:00:00Z", false},
		{"one time twice", `[{"day_of_week":0,"open_hour":8,"close_hour":8}]`, "", "", "2026-03-01T08:00:00Z", false},
		{"no times", `[{"day_of_week":0}]`, "", "", "2026-03-01T08:00:00Z", false},
		{"only one time", `[{"day_of_week":0,"open_hour":8}]`, "", "", "2026-03-01T09:00:00Z", false},
		{"no such minute", `[{"day_of_week":0,"open_hour":8,"open_minutes":75,"close_hour":20}]`, "", "", "2026-03-01T12:00:00Z", false},
		{"no such hour", `[{"day_of_week":0,"open_hour":8,"close_hour":25}]`, "", "", "2026-03-01T12:00:00Z", false},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		inbox := core.Inbox{WorkingHours: core.JSON(c.hours), Timezone: c.zone}
		if got := inbox.IsOpen(&core.Account{Timezone: c.accountZone}, core.TimeOf(at)); got != c.want {
			t.Errorf("%s: at %s it is open: %v, want %v", c.name, c.at, got, c.want)
		}
	}
}
