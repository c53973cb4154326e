package sqlstore

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// column is one column of a table: its name and how it is read.
type column struct {
	name string
	// zero is the SQL literal of the column's zero value, read where an outer
	// join found no row.
	zero string
	// nullable columns are references: NULL means none and is read as 0.
	nullable bool
}

// table is the one list of a table's columns, in the order in which values are
// bound and scanned. The statements that name every column are made from it.
type table struct {
	name    string
	columns []column
}

// newTable reads a list such as "id int, name text, agent_id ref, latitude
// real". A ref is an id that is NULL when there is none.
func newTable(name, spec string) table {
	t := table{name: name}
	for part := range strings.SplitSeq(spec, ",") {
		field, kind, _ := strings.Cut(strings.TrimSpace(part), " ")
		c := column{name: field, zero: "0"}
		switch kind {
		case "int", "real":
		case "ref":
			c.nullable = true
		case "text":
			c.zero = "''"
		default:
			panic("sqlstore: column " + name + "." + field + " is of no known kind: " + kind)
		}
		t.columns = append(t.columns, c)
	}
	return t
}

// list names every column for a SELECT; alias may be "".
func (t table) list(alias string) string {
	return t.join(alias, func(c column) bool { return c.nullable })
}

// outerList is list for a table that an outer join may leave out: every column
// then reads as its zero value.
func (t table) outerList(alias string) string {
	return t.join(alias, func(column) bool { return true })
}

// anyName is what every column of a result is called. Results are read by
// position; a driver that asks for the names of two hundred columns for each
// result is spared copying long ones.
const anyName = " AS x"

func (t table) join(alias string, coalesce func(column) bool) string {
	if alias != "" {
		alias += "."
	}
	var b strings.Builder
	for i, c := range t.columns {
		if i > 0 {
			b.WriteString(", ")
		}
		if coalesce(c) {
			b.WriteString("COALESCE(" + alias + c.name + ", " + c.zero + ")" + anyName)
			continue
		}
		b.WriteString(alias + c.name + anyName)
	}
	return b.String()
}

// selectFrom is "SELECT columns FROM table" and what follows.
func (t table) selectFrom(rest string) string {
	return "SELECT " + t.list("") + " FROM " + t.name + " " + rest
}

// without returns the table less one column, for reads that leave it out.
func (t table) without(name string) table {
	t.columns = slices.DeleteFunc(slices.Clone(t.columns), func(c column) bool { return c.name == name })
	return t
}

// manySizes are the numbers of rows that one statement stores, largest first.
var manySizes = [...]int{16, 4, 1}

// insertMany stores every column of several rows, by their number.
func (t table) insertMany() map[int]string {
	texts := map[int]string{}
	for _, size := range manySizes {
		text := t.insert()
		for i := 1; i < size; i++ {
			text += ", (" + placeholders(i*len(t.columns)+1, len(t.columns)) + ")"
		}
		texts[size] = text
	}
	return texts
}

// insert stores every column as bound.
func (t table) insert() string {
	return t.insertColumns(t.columns)
}

// insertNew leaves the first column, the id, to the table's own sequence and
// returns it.
func (t table) insertNew() string {
	return t.insertColumns(t.columns[1:]) + " RETURNING " + t.columns[0].name
}

func (t table) insertColumns(columns []column) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return "INSERT INTO " + t.name + " (" + strings.Join(names, ", ") + ") VALUES (" + placeholders(1, len(names)) + ")"
}

// update is a statement that sets some columns of the row that the first two
// columns name, and which of the row's values it binds.
type update struct {
	sql  string
	pick []int
}

// updateAll sets every column but the id, the account and the ones named.
func (t table) updateAll(except ...string) update {
	var set []string
	for _, c := range t.columns[2:] {
		if !slices.Contains(except, c.name) {
			set = append(set, c.name)
		}
	}
	return t.update(set...)
}

// update sets the columns named.
func (t table) update(set ...string) update {
	u := update{pick: []int{0, 1}}
	var b strings.Builder
	fmt.Fprintf(&b, "UPDATE %s SET ", t.name)
	for i, name := range set {
		at := slices.IndexFunc(t.columns, func(c column) bool { return c.name == name })
		if at < 0 {
			panic("sqlstore: no column " + t.name + "." + name)
		}
		if i > 0 {
			b.WriteString(", ")
		}
		u.pick = append(u.pick, at)
		fmt.Fprintf(&b, "%s = $%d", name, len(u.pick))
	}
	fmt.Fprintf(&b, " WHERE %s = $1 AND %s = $2", t.columns[0].name, t.columns[1].name)
	u.sql = b.String()
	return u
}

// args picks what the statement binds from a whole row's values.
func (u update) args(row []any) []any {
	args := make([]any, len(u.pick))
	for i, at := range u.pick {
		args[i] = row[at]
	}
	return args
}

// placeholders is "$from, ..." for n values.
func placeholders(from, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(from + i))
	}
	return b.String()
}

// idSizes are the lengths that lists of ids are padded to, so that there are
// few statement texts.
var idSizes = [...]int{1, 4, 16, 64, 500}

// padded returns ids followed by repetitions of the last one up to the next
// fixed length. ids must hold one to store.MaxIDs ids.
func padded(ids []int64) []any {
	size := len(ids)
	for _, s := range idSizes {
		if s >= size {
			size = s
			break
		}
	}
	args := make([]any, size)
	for i := range args {
		args[i] = ids[min(i, len(ids)-1)]
	}
	return args
}
