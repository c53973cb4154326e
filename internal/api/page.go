package api

import "parley/internal/core"

// List is a page of a list.
type List[T any] struct {
	Data       []T     `json:"data"`
	NextCursor *string `json:"next_cursor" doc:"Pass it as cursor to get the next page; null on the last one."`
}

// PageOf asks for a page of a list.
type PageOf struct {
	Limit  int    `query:"limit" default:"25" minimum:"1" maximum:"100" doc:"How many at most."`
	Cursor string `query:"cursor" doc:"The next_cursor of the page before; without it the first page."`
}

// after returns the id behind which the page of a list in the order by id
// begins.
func (p *PageOf) after(filter uint32) (int64, error) {
	if p.Cursor == "" {
		return 0, nil
	}
	at, err := p.place(byID, filter, 1)
	if err == nil && (at.keys[0] < 1 || at.keys[0] > core.MaxID) {
		err = errBadCursor
	}
	if err != nil {
		return 0, err
	}
	return at.keys[0], nil
}

// place reads the cursor as one of a list in the order with so many keys.
func (p *PageOf) place(o order, filter uint32, keys int) (place, error) {
	at, ok := parseCursor(p.Cursor)
	if !ok || at.order != o || at.filter != filter || len(at.keys) != keys {
		return place{}, errBadCursor
	}
	return at, nil
}

var errBadCursor = &refusal{kind: badCursor, detail: "it is none, or of another list", faults: []Fault{
	{In: "query", Pointer: "/cursor", Detail: "it is none, or of another list", Code: codeInvalid},
}}

// listByID answers with a page of a list in the order by id: read returns at
// most limit rows behind an id.
func listByID[R, T any](
	p *PageOf, list string, read func(after int64, limit int) ([]R, error), id func(*R) int64, show func(*R) T,
) (reply[List[T]], error) {
	filter := filterOf(list)
	after, err := p.after(filter)
	if err != nil {
		return reply[List[T]]{}, err
	}
	rows, err := read(after, p.Limit+1) // one more tells whether there is a next page
	if err != nil {
		return reply[List[T]]{}, err
	}
	page := List[T]{Data: make([]T, 0, min(len(rows), p.Limit))}
	for i := range rows[:min(len(rows), p.Limit)] {
		page.Data = append(page.Data, show(&rows[i]))
	}
	if len(rows) > p.Limit {
		next := place{order: byID, filter: filter, keys: []int64{id(&rows[p.Limit-1])}}.cursor()
		page.NextCursor = &next
	}
	return reply[List[T]]{body: page}, nil
}
