package core

import (
	"cmp"
	"encoding/json"
	"time"
)

// openHours is one row of an inbox's working hours.
type openHours struct {
	DayOfWeek    *int `json:"day_of_week"` // 0 = Sunday
	ClosedAllDay bool `json:"closed_all_day"`
	OpenAllDay   bool `json:"open_all_day"`
	OpenHour     *int `json:"open_hour"`
	OpenMinutes  *int `json:"open_minutes"`
	CloseHour    *int `json:"close_hour"`
	CloseMinutes *int `json:"close_minutes"`
}

const minutesPerDay = 24 * 60

// minute is a time of day in minutes; ok is false when there is none, or no
// such time. 24:00 is the end of the day.
func minute(hour, minutes *int) (n int, ok bool) {
	if hour == nil {
		return 0, false
	}
	n = *hour * 60
	if minutes != nil {
		if *minutes < 0 || *minutes > 59 {
			return 0, false
		}
		n += *minutes
	}
	return n, *hour >= 0 && n <= minutesPerDay
}

// span returns from which minute of the day up to which the row is open; to is
// past the day's end when it closes on the next one. A row without times, or
// with one time twice, is never open.
func (h *openHours) span() (from, to int) {
	if h.OpenAllDay {
		return 0, minutesPerDay
	}
	if h.ClosedAllDay {
		return 0, 0
	}
	from, opens := minute(h.OpenHour, h.OpenMinutes)
	to, closes := minute(h.CloseHour, h.CloseMinutes)
	if !opens || !closes {
		return 0, 0
	}
	if to < from {
		to += minutesPerDay
	}
	return from, to
}

// CheckTimezone refuses what is no IANA name; "" is none, and fine.
func CheckTimezone(name string) error {
	if _, err := time.LoadLocation(name); err != nil || name == "Local" {
		return Refuse("timezone", "there is no such time zone")
	}
	return nil
}

// Place is the inbox's time zone, else that of its account, else UTC.
func (i *Inbox) Place(account *Account) *time.Location {
	name := cmp.Or(i.Timezone, account.Timezone)
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" { // that would be the machine's
		return time.UTC
	}
	return zone
}

// IsOpen tells whether the inbox works at the given time. Its WorkingHours are
// rows of a day each, at the inbox's place: an inbox opens and closes when the clocks on its walls say so,
// through every change of them. A row that closes before it opens closes on
// the next day; the minute of closing is closed. A day without a row is
// closed. An inbox without rows that name a day is always open.
func (i *Inbox) IsOpen(account *Account, at Time) bool {
	var rows []openHours
	if i.WorkingHours != "" && json.Unmarshal([]byte(i.WorkingHours), &rows) != nil {
		return true // what says nothing about hours does not close
	}
	now := at.Std().In(i.Place(account))
	day, minute := int(now.Weekday()), now.Hour()*60+now.Minute()
	always := true
	for n := range rows {
		row := &rows[n]
		if row.DayOfWeek == nil || *row.DayOfWeek < 0 || *row.DayOfWeek > 6 {
			continue
		}
		always = false
		from, to := row.span()
		switch *row.DayOfWeek {
		case day:
			if from <= minute && minute < to {
				return true
			}
		case (day + 6) % 7: // yesterday
			if minute+minutesPerDay < to {
				return true
			}
		}
	}
	return always
}
