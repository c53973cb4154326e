package storetest

import (
	"parley/internal/core"
	"parley/internal/store"
)

// dueKinds are the kinds of jobs that checks put.
var dueKinds = []string{"k", "K"}

// due returns what is due, without the fences, which begin anywhere.
func due(e *env, now core.Time, limit int) []store.Job {
	jobs := must(e.st.ListDueJobs(e.ctx, dueKinds, now, limit))
	for i := range jobs {
		jobs[i].Fence = 0
	}
	return jobs
}

var jobChecks = []check{
	{"Jobs/ListDueJobs brings those whose time has come, the oldest first", func(e *env) {
		a, b := e.account().ID, e.account().ID
		late := store.Job{AccountID: a, Kind: "k", Key: "late", RunAt: noon + 2}
		early := store.Job{AccountID: b, Kind: "k", Key: "early", RunAt: noon, Attempts: 3}
		same := store.Job{Kind: "K", Key: "", RunAt: noon}
		e.tx(a, func(tx store.Tx) error {
			return first(tx.PutJob(e.ctx, late), tx.PutJob(e.ctx, early), tx.PutJob(e.ctx, same))
		})
		e.same("before", due(e, noon-1, 10), []store.Job(nil))
		e.same("then", due(e, noon, 10), []store.Job{same, early})
		e.same("later", due(e, noon+2, 10), []store.Job{same, early, late})
		e.same("the first", due(e, noon+2, 1), []store.Job{same})
		if got := found(e.st.FindJob(e.ctx, b, "k", "early")); got.RunAt != noon || got.Attempts != 3 {
			e.Errorf("found %+v", got)
		}
		missing(e.st.FindJob(e.ctx, a, "k", "early"))
		for want, kinds := range map[string][]string{"early": {"k"}, "": {"other", "K", "more"}} {
			if got := must(e.st.ListDueJobs(e.ctx, kinds, noon+2, 1)); len(got) != 1 || got[0].Key != want {
				e.Errorf("the first of %v: %+v, want the key %q", kinds, got, want)
			}
		}
		e.same("of no kind", must(e.st.ListDueJobs(e.ctx, nil, noon+2, 9)), []store.Job(nil))
	}},
	{"Jobs/PutJob replaces, and takes the claim", func(e *env) {
		a := e.account().ID
		j := store.Job{AccountID: a, Kind: "k", Key: "1", RunAt: noon}
		e.tx(a, func(tx store.Tx) error { return tx.PutJob(e.ctx, j) })
		claimed := must(e.st.ListDueJobs(e.ctx, dueKinds, noon, 1))[0]
		e.tx(a, func(tx store.Tx) error {
			if !must(tx.ClaimJob(e.ctx, &claimed, noon+100)) {
				e.Errorf("not claimed")
			}
			j.RunAt = noon + 5
			return tx.PutJob(e.ctx, j)
		})
		e.same("due", due(e, noon+5, 10), []store.Job{j})
		e.tx(a, func(tx store.Tx) error {
			if must(tx.FinishJob(e.ctx, claimed)) {
				e.Errorf("an older claim finished the job")
			}
			return tx.DelayJob(e.ctx, claimed)
		})
		e.same("due still", due(e, noon+5, 10), []store.Job{j})
	}},
	{"Jobs/ClaimJob holds a job until its lease ends", func(e *env) {
		a := e.account().ID
		e.tx(a, func(tx store.Tx) error {
			return tx.PutJob(e.ctx, store.Job{AccountID: a, Kind: "k", Key: "1", RunAt: noon})
		})
		one := must(e.st.ListDueJobs(e.ctx, dueKinds, noon, 1))[0]
		two := one
		e.tx(a, func(tx store.Tx) error {
			if !must(tx.ClaimJob(e.ctx, &one, noon+10)) || must(tx.ClaimJob(e.ctx, &two, noon+10)) {
				e.Errorf("both or neither claimed it")
			}
			return nil
		})
		e.same("held", due(e, noon+9, 10), []store.Job(nil))
		third := must(e.st.ListDueJobs(e.ctx, dueKinds, noon+10, 1))[0]
		e.tx(a, func(tx store.Tx) error {
			if !must(tx.ClaimJob(e.ctx, &third, noon+20)) {
				e.Errorf("not claimed after the lease")
			}
			if must(tx.FinishJob(e.ctx, one)) {
				e.Errorf("finished after the lease was another's")
			}
			if !must(tx.FinishJob(e.ctx, third)) || must(tx.FinishJob(e.ctx, third)) {
				e.Errorf("not finished, or twice")
			}
			return nil
		})
		e.same("over", due(e, noon+100, 10), []store.Job(nil))
	}},
	{"Jobs/RenewJob holds on, unless the job is another's", func(e *env) {
		a := e.account().ID
		e.tx(a, func(tx store.Tx) error {
			return tx.PutJob(e.ctx, store.Job{AccountID: a, Kind: "k", Key: "1", RunAt: noon})
		})
		one := must(e.st.ListDueJobs(e.ctx, dueKinds, noon, 1))[0]
		e.tx(a, func(tx store.Tx) error {
			if !must(tx.ClaimJob(e.ctx, &one, noon+10)) || !must(tx.RenewJob(e.ctx, &one, noon+20)) || one.LeaseUntil != noon+20 {
				e.Errorf("not renewed: %+v", one)
			}
			return nil
		})
		e.same("held", due(e, noon+19, 10), []store.Job(nil))
		two := must(e.st.ListDueJobs(e.ctx, dueKinds, noon+20, 1))[0]
		e.tx(a, func(tx store.Tx) error {
			if !must(tx.RenewJob(e.ctx, &one, noon+30)) {
				e.Errorf("not renewed after the lease, though nobody took it")
			}
			if !must(tx.ClaimJob(e.ctx, &two, noon+30)) || must(tx.RenewJob(e.ctx, &one, noon+40)) {
				e.Errorf("renewed though it was another's")
			}
			return nil
		})
		e.same("another's", due(e, noon+29, 10), []store.Job(nil))
	}},
	{"Jobs/HastenJob puts nothing off, and leaves a claim alone", func(e *env) {
		a := e.account().ID
		j := store.Job{AccountID: a, Kind: "k", Key: "1", RunAt: noon + 5}
		hasten := func(to core.Time) {
			j.RunAt = to
			e.tx(a, func(tx store.Tx) error { return tx.HastenJob(e.ctx, j) })
		}
		hasten(noon + 5)
		e.same("where there was none", due(e, noon+5, 10), []store.Job{j})
		hasten(noon + 9)
		if got := found(e.st.FindJob(e.ctx, a, "k", "1")); got.RunAt != noon+5 {
			e.Errorf("put off to %d", got.RunAt-noon)
		}
		hasten(noon + 1)
		e.same("earlier", due(e, noon+1, 10), []store.Job{j})
		claimed := found(e.st.FindJob(e.ctx, a, "k", "1"))
		e.tx(a, func(tx store.Tx) error {
			if !must(tx.ClaimJob(e.ctx, &claimed, noon+100)) {
				e.Errorf("not claimed")
			}
			return nil
		})
		hasten(noon)
		e.same("held", due(e, noon+99, 10), []store.Job(nil))
		e.tx(a, func(tx store.Tx) error {
			if !must(tx.FinishJob(e.ctx, claimed)) {
				e.Errorf("the claim was taken")
			}
			return nil
		})
	}},
	{"Jobs/ListJobs brings those of a kind", func(e *env) {
		a, b := e.account().ID, e.account().ID
		e.tx(a, func(tx store.Tx) error {
			return first(
				tx.PutJob(e.ctx, store.Job{AccountID: a, Kind: "k", Key: "2", RunAt: noon}), tx.PutJob(e.ctx, store.Job{AccountID: a, Kind: "k", Key: "1", RunAt: noon + 1}),
				tx.PutJob(e.ctx, store.Job{AccountID: a, Kind: "l", Key: "3", RunAt: noon}), tx.PutJob(e.ctx, store.Job{AccountID: b, Kind: "k", Key: "4", RunAt: noon}))
		})
		got := must(e.st.ListJobs(e.ctx, a, "k"))
		for i := range got {
			got[i].Fence = 0
		}
		e.same("of a kind", got, []store.Job{{AccountID: a, Kind: "k", Key: "1", RunAt: noon + 1}, {AccountID: a, Kind: "k", Key: "2", RunAt: noon}})
		e.same("of none", must(e.st.ListJobs(e.ctx, b, "l")), []store.Job(nil))
	}},
	{"Jobs/DelayJob and DeleteJob", func(e *env) {
		a, b := e.account().ID, e.account().ID
		e.tx(a, func(tx store.Tx) error {
			return first(
				tx.PutJob(e.ctx, store.Job{AccountID: a, Kind: "k", Key: "1", RunAt: noon}), tx.PutJob(e.ctx, store.Job{AccountID: b, Kind: "k", Key: "1", RunAt: noon}))
		})
		j := found(e.st.FindJob(e.ctx, a, "k", "1"))
		e.tx(a, func(tx store.Tx) error {
			if !must(tx.ClaimJob(e.ctx, &j, noon+100)) {
				e.Errorf("not claimed")
			}
			j.RunAt, j.Attempts = noon+7, 1
			return tx.DelayJob(e.ctx, j)
		})
		want := store.Job{AccountID: a, Kind: "k", Key: "1", RunAt: noon + 7, Attempts: 1}
		other := store.Job{AccountID: b, Kind: "k", Key: "1", RunAt: noon}
		e.same("delayed", due(e, noon+7, 10), []store.Job{other, want})
		e.tx(a, func(tx store.Tx) error {
			return first(tx.DeleteJob(e.ctx, a, "k", "1"), tx.DeleteJob(e.ctx, a, "k", "2"))
		})
		e.same("deleted", due(e, noon+7, 10), []store.Job{other})
	}},
	{"Conversations/ListIdle brings what is open and silent, the oldest first", func(e *env) {
		f := Seed(e, e.st)
		account := f.Account.ID
		all := must(e.st.ListIdle(e.ctx, account, f.Web.ID, core.Time(core.MaxID), 10))
		want := []int64{}
		for _, c := range []core.Conversation{f.Chat, f.Quiet, f.Ask} {
			got := must(e.st.Conversation(e.ctx, account, c.ID))
			if got.Status == core.Open && got.InboxID == f.Web.ID {
				want = append(want, c.ID)
			}
		}
		if len(all) != len(want) || len(all) < 2 {
			e.Fatalf("got %v, want %v in the order of their activity", all, want)
		}
		var last core.Time
		for _, id := range all {
			c := must(e.st.Conversation(e.ctx, account, id))
			if c.LastActivityAt < last {
				e.Errorf("%d is out of order", id)
			}
			last = c.LastActivityAt
		}
		e.same("before the last", must(e.st.ListIdle(e.ctx, account, f.Web.ID, last, 10)), all[:len(all)-1])
		e.same("one", must(e.st.ListIdle(e.ctx, account, f.Web.ID, core.Time(core.MaxID), 1)), all[:1])
		e.same("another's", must(e.st.ListIdle(e.ctx, e.account().ID, f.Web.ID, core.Time(core.MaxID), 10)), []int64(nil))
	}},
}
