package interchange

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"parley/internal/core"
	"parley/internal/store"
)

// otherUUIDs makes a copy of a file that is of another account.
func otherUUIDs(text string) string {
	text = strings.ReplaceAll(text, "00000000-0000-4000-8000-", "11111111-1111-4111-8111-")
	text = regexp.MustCompile(`"(website_token|hmac_token|identifier|pubsub_token)":"[^"]*",?`).ReplaceAllString(text, "")
	return regexp.MustCompile(`(?m)^.*"kind":"token".*\n`).ReplaceAllString(text, "")
}

var (
	idKeys = regexp.MustCompile(`"(id|account_id|contact_id|identity_id|inbox_id|sub_inbox_id|contact_inbox_id|conversation_id|message_id|group_id|agent_id|assignee_id|team_id|owner_id|bot_id|primary_message_id|contact_read_message_id|agent_read_message_id)":(\d+)`)
	idList = regexp.MustCompile(`"agent_ids":\[[^\]]*\]`)
)

// shape blanks ids in an export by numbering them in the order in which they
// come, for each space of its own.
func shape(text string) string {
	seen := map[string]int{}
	text = idKeys.ReplaceAllStringFunc(text, func(m string) string {
		parts := idKeys.FindStringSubmatch(m)
		if parts[2] == "0" || parts[1] == "id" {
			return m
		}
		if seen[m] == 0 {
			seen[m] = len(seen) + 1
		}
		return fmt.Sprintf("%q:#%d", parts[1], seen[m])
	})
	text = regexp.MustCompile(`"id":\d+`).ReplaceAllString(text, `"id":#`)
	text = idList.ReplaceAllString(text, `"agent_ids":#`)
	return regexp.MustCompile(`"display_id":\d+`).ReplaceAllString(withoutRandom(text), `"display_id":#`)
}

// exportOf returns an export without secrets; account 0 = all.
func exportOf(t testing.TB, st store.Store, account int64) string {
	t.Helper()
	var out bytes.Buffer
	var opts ExportOptions
	if account != 0 {
		opts.Accounts = []int64{account}
	}
	if err := Export(t.Context(), st, &out, opts); err != nil {
		t.Fatalf("export: %v", err)
	}
	return out.String()
}

func TestRemap(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"every kind": smallFile, "cursors": cursorFile} {
		text = strings.Replace(text, `"id":1,"name":"Acme"`, `"id":1,"uuid":"00000000-0000-4000-8000-000000000001","name":"Acme"`, 1)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, st store.Store) { testRemap(t, st, text) })
		})
	}
}

func testRemap(t *testing.T, st store.Store, text string) {
	mustImport(t, st, text)
	first := exportOf(t, st, 1)
	// The export gives every uuid and id; the copy takes none of them.
	copied := otherUUIDs(text)
	if _, err := Import(t.Context(), st, strings.NewReader(copied), testOptions()); err == nil || !strings.Contains(err.Error(), "id 1 is taken") {
		t.Fatalf("without remapping: %v", err)
	}
	opts := testOptions()
	opts.Remap = true
	for _, batch := range []int{3, 1000} {
		opts.BatchRecords = batch
		other := strings.ReplaceAll(copied, "11111111-1111", fmt.Sprintf("11111111-%04d", batch))
		other = strings.ReplaceAll(other, `"name":"Acme"`, fmt.Sprintf(`"name":"Copy %d"`, batch))
		sum, err := Import(t.Context(), st, strings.NewReader(other), opts)
		if err != nil || sum.Skipped != 0 {
			t.Fatalf("batches of %d: %+v, %v", batch, sum, err)
		}
		before := mustExport(t, st)
		if sum, err = Import(t.Context(), st, strings.NewReader(other), later(opts)); err != nil || sum.Records() != 0 {
			t.Errorf("batches of %d, again: %+v, %v", batch, sum, err)
		}
		equalText(t, "remapped again", mustExport(t, st), before)
		accounts, err := st.ListAccounts(t.Context(), 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		made := accounts[len(accounts)-1]
		want := strings.ReplaceAll(shape(first), "Acme", made.Name)
		equalText(t, fmt.Sprintf("remapped in batches of %d", batch), strings.ReplaceAll(shape(exportOf(t, st, made.ID)), "Acme", made.Name), want)
		equalText(t, "the first account", exportOf(t, st, 1), first)
	}
}

// TestRemapTwice imports an export of another installation twice: its records
// have UUIDs, by which they are known again.
func TestRemapTwice(t *testing.T) {
	t.Parallel()
	source := openSQLite(t)
	mustImport(t, source, strings.Replace(smallFile, "0001", "0002", 1))
	var out bytes.Buffer
	if err := Export(t.Context(), source, &out, ExportOptions{}); err != nil {
		t.Fatal(err)
	}
	st := openSQLite(t)
	mustImport(t, st, smallFile)
	opts := testOptions()
	opts.Remap = true
	for i := range 3 {
		sum, err := Import(t.Context(), st, bytes.NewReader(out.Bytes()), opts)
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 && sum.Records() != 0 {
			t.Errorf("import %d stored %d records", i+1, sum.Records())
		}
	}
}

// TestRemapGoesOn stops a remapped import at a fault, and goes on.
func TestRemapGoesOn(t *testing.T) {
	t.Parallel()
	opts := testOptions()
	opts.Remap = true
	opts.BatchRecords = 3
	copied := otherUUIDs(cursorFile)
	copied = strings.Replace(copied, `"id":1,"name":"Acme"`, `"id":1,"name":"Copy"`, 1)
	whole := openSQLite(t)
	mustImport(t, whole, cursorFile)
	if _, err := Import(t.Context(), whole, strings.NewReader(copied), opts); err != nil {
		t.Fatal(err)
	}
	all := strings.SplitAfter(copied, "\n")
	for stop := 1; stop < len(all)-1; stop += 2 * step(3) {
		st := openSQLite(t)
		mustImport(t, st, cursorFile)
		if _, err := Import(t.Context(), st, strings.NewReader(strings.Join(all[:stop], "")+"{}\n"), opts); err == nil {
			t.Fatal("the faulty import succeeded")
		}
		if _, err := Import(t.Context(), st, strings.NewReader(copied), opts); err != nil {
			t.Fatalf("go on after line %d: %v", stop, err)
		}
		equalText(t, fmt.Sprintf("stopped after line %d", stop), withoutRandom(mustExport(t, st)), withoutRandom(mustExport(t, whole)))
	}
}

// TestRemapOfTwoFilesInOne imports two exports that stand in one file and use
// the same ids.
func TestRemapOfTwoFilesInOne(t *testing.T) {
	t.Parallel()
	one := strings.Replace(cursorFile, `"id":1,"name":"Acme"`, `"id":1,"uuid":"00000000-0000-4000-8000-000000000001","name":"Acme"`, 1)
	two := strings.Replace(otherUUIDs(one), `"name":"Acme"`, `"name":"Other"`, 1)
	for _, batch := range []int{1, 1000} {
		st := openSQLite(t)
		opts := testOptions()
		opts.Remap, opts.BatchRecords = true, batch
		if _, err := Import(t.Context(), st, strings.NewReader(one+two), opts); err != nil {
			t.Fatal(err)
		}
		want := strings.ReplaceAll(shape(exportOf(t, st, 1)), "Acme", "Other")
		equalText(t, "the second account", shape(exportOf(t, st, 2)), want)
	}
}

// TestAgentsIdentityGivesWay: ids that were chosen for agents' identities are
// not in the way of those that the file gives later.
func TestAgentsIdentityGivesWay(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, st store.Store) {
		text := lines(
			`{"kind":"account","id":1,"name":"One"}`,
			`{"kind":"account","id":2,"name":"Two"}`,
			`{"kind":"agent","id":1,"account_id":1,"name":"Ann","email":"ann@one.test"}`,
			`{"kind":"agent","id":2,"account_id":1,"name":"Bob","email":"bob@one.test"}`,
			`{"kind":"contact","id":11,"account_id":1}`,
			`{"kind":"identity","id":1,"contact_id":11,"provider_type":6,"address":"a"}`,
			`{"kind":"identity","id":2,"contact_id":11,"provider_type":6,"address":"b"}`,
			`{"kind":"identity","id":3,"contact_id":11,"provider_type":6,"address":"c"}`,
			`{"kind":"contact","id":12,"account_id":2}`,
			`{"kind":"identity","id":4,"contact_id":12,"provider_type":6,"address":"a"}`,
			`{"kind":"identity","id":5,"contact_id":12,"provider_type":6,"address":"b"}`,
			`{"kind":"identity","id":6,"contact_id":12,"provider_type":6,"address":"c"}`,
		)
		opts := testOptions()
		opts.BatchRecords = 1
		if _, err := Import(t.Context(), st, strings.NewReader(text), opts); err != nil {
			t.Fatal(err)
		}
		if sum := mustImport(t, st, text); sum.Records() != 0 {
			t.Errorf("the second import stored %d records", sum.Records())
		}
		taken := map[int64]bool{}
		for id := int64(1); id <= 2; id++ {
			agent, err := st.Agent(t.Context(), 1, id)
			if err != nil || agent.IdentityID <= 6 || taken[agent.IdentityID] {
				t.Errorf("agent %d has identity %d, %v", id, agent.IdentityID, err)
			}
			taken[agent.IdentityID] = true
		}
	})
}

func TestInstallation(t *testing.T) {
	t.Parallel()
	key := func(b byte) string {
		return `{"kind":"installation","id_key":"` + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{b}, idKeyBytes)) + `"}` + "\n"
	}
	st := openSQLite(t)
	if sum := mustImport(t, st, key(1)); sum.Stored("installation") != 1 {
		t.Errorf("summary: %+v", sum)
	}
	// As long as there is no account, the key may be replaced.
	mustImport(t, st, key(2)+smallFile)
	if !strings.HasPrefix(mustExport(t, st), key(2)) {
		t.Error("the export begins without the key")
	}
	if sum := mustImport(t, st, key(2)+smallFile); sum.Records() != 0 {
		t.Errorf("the second import stored %d records", sum.Records())
	}
	_, err := Import(t.Context(), st, strings.NewReader(key(3)), testOptions())
	if err == nil || !errors.Is(err, errOtherIDKey) || !strings.HasPrefix(err.Error(), "line 1: installation: there are accounts already") {
		t.Errorf("another key: %v", err)
	}
	opts := testOptions()
	opts.Remap = true
	if sum, err := Import(t.Context(), st, strings.NewReader(key(3)), opts); err != nil || sum.Skipped != 1 {
		t.Errorf("another key, remapping: %+v, %v", sum, err)
	}
	for _, bad := range []string{`""`, `"abc"`, `"!"`} {
		if _, err := Import(t.Context(), openSQLite(t), strings.NewReader(`{"kind":"installation","id_key":`+bad+`}`), testOptions()); err == nil {
			t.Errorf("the key %s was taken", bad)
		}
	}
}

func TestOwnersByID(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, st store.Store) {
		mustImport(t, st, faultBase)
		for space, want := range map[store.IDSpace]map[int64]int64{
			store.AccountIDs:      {1: 1, 2: 2},
			store.PersonIDs:       {1: 1, 2: 1, 3: 1, 22: 2, 101: 2},
			store.IdentityIDs:     {1: 1, 2: 1, 3: 1, 23: 2},
			store.EntryIDs:        {1: 1, 2: 1, 3: 1, 4: 1, 25: 2},
			store.ConversationIDs: {1: 1, 2: 1, 24: 2},
			store.InboxIDs:        {1: 1, 2: 1, 21: 2},
			store.TeamIDs:         {},
		} {
			got, err := st.OwnersByID(t.Context(), space, []int64{1, 2, 3, 4, 5, 21, 22, 23, 24, 25, 101})
			if err != nil {
				t.Fatal(err)
			}
			// The second account's agent has an identity of a chosen id.
			delete(got, 24)
			delete(want, 24)
			if len(got) != len(want) {
				t.Errorf("%s: got %v, want %v", space, got, want)
			}
			for id, owner := range want {
				if got[id] != owner {
					t.Errorf("%s: id %d belongs to %d, want %d", space, id, got[id], owner)
				}
			}
		}
		if _, err := st.OwnersByID(t.Context(), "camels", []int64{1}); core.KindOf(err) != core.Invalid {
			t.Errorf("unknown space: %v", err)
		}
		if _, err := st.OwnersByID(t.Context(), store.TeamIDs, make([]int64, store.MaxIDs+1)); core.KindOf(err) != core.Invalid {
			t.Errorf("too many ids: %v", err)
		}
	})
}
