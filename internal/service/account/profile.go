package account

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"parley/internal/core"
	"parley/internal/service/repeat"
	"parley/internal/store"
)

// ListProfiles returns the account's profiles by id.
func (s *Accounts) ListProfiles(ctx context.Context, account int64) ([]core.Profile, error) {
	all, err := listProfiles(ctx, s.store, account)
	if err != nil {
		return nil, fmt.Errorf("list profiles: %w", err)
	}
	return all, nil
}

func listProfiles(ctx context.Context, r store.Reader, account int64) ([]core.Profile, error) {
	return store.All(ctx, account, listRows, r.PageProfiles, func(p *core.Profile) int64 { return p.ID })
}

// PageProfiles returns at most limit profiles with ids above after, by id.
func (s *Accounts) PageProfiles(ctx context.Context, account, after int64, limit int) ([]core.Profile, error) {
	rows, err := s.store.PageProfiles(ctx, account, after, limit)
	if err != nil {
		return nil, fmt.Errorf("page profiles: %w", err)
	}
	return rows, nil
}

// Profile returns a profile.
func (s *Accounts) Profile(ctx context.Context, account, id int64) (core.Profile, error) {
	p, err := s.store.Profile(ctx, account, id)
	if err != nil {
		return core.Profile{}, fmt.Errorf("read profile: %w", err)
	}
	return p, nil
}

// CreateProfile makes a profile of p's names and permissions, in p's account. A
// unique name that another one has is core.Conflict. again makes the command one
// that may be asked again; nil: it may not.
func (s *Accounts) CreateProfile(ctx context.Context, by core.Actor, p core.Profile, again *repeat.Key) (core.Profile, error) {
	made, err := repeat.Made(ctx, s.store, s.clock, p.AccountID, again, func(ctx context.Context, tx store.Tx) (core.Profile, int64, error) {
		made := p
		made.ID, made.CreatedAt = 0, s.clock()
		if err := checkProfile(ctx, tx, &made); err != nil {
			return core.Profile{}, 0, err
		}
		err := insertProfile(ctx, tx, by, &made)
		return made, made.ID, err
	}, func(ctx context.Context, tx store.Tx, id int64) (core.Profile, error) {
		return tx.Profile(ctx, p.AccountID, id)
	})
	if err != nil {
		return core.Profile{}, fmt.Errorf("create profile: %w", err)
	}
	return made, nil
}

func insertProfile(ctx context.Context, tx store.Tx, by core.Actor, p *core.Profile) error {
	if err := tx.InsertProfile(ctx, p); err != nil {
		return err
	}
	tx.Emit(profileEvent(core.ProfileCreated, p.CreatedAt, by, *p))
	return nil
}

// UpdateProfile has change alter the profile's names and permissions, and
// stores what comes out. change may be called more than once, each time with a
// profile of its own as it is, and may refuse. A change that alters nothing is
// no event.
func (s *Accounts) UpdateProfile(ctx context.Context, by core.Actor, account, id int64, change func(p *core.Profile) error) (core.Profile, error) {
	var p core.Profile
	err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
		before, err := tx.Profile(ctx, account, id)
		if err != nil {
			return err
		}
		p = before
		p.Permissions = slices.Clone(before.Permissions)
		if err := change(&p); err != nil {
			return err
		}
		p.ID, p.AccountID, p.CreatedAt = before.ID, before.AccountID, before.CreatedAt
		if p.Name == before.Name && p.UniqueName == before.UniqueName && slices.Equal(p.Permissions, before.Permissions) {
			return nil
		}
		if err := checkProfile(ctx, tx, &p); err != nil {
			return err
		}
		if err := tx.UpdateProfile(ctx, p); err != nil {
			return err
		}
		tx.Emit(profileEvent(core.ProfileUpdated, s.clock(), by, p))
		return nil
	})
	if err != nil {
		return core.Profile{}, fmt.Errorf("update profile: %w", err)
	}
	return p, nil
}

// DeleteProfile deletes a profile, and takes it from the agents who have it.
func (s *Accounts) DeleteProfile(ctx context.Context, by core.Actor, account, id int64, may core.Check[core.Profile]) error {
	err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
		p, err := tx.Profile(ctx, account, id)
		if err == nil {
			err = may.Of(p)
		}
		if err != nil {
			return err
		}
		agents, err := listAgents(ctx, tx, account)
		if err != nil {
			return err
		}
		for _, a := range agents {
			before := a
			a.ProfileIDs = slices.DeleteFunc(slices.Clone(a.ProfileIDs), func(has int64) bool { return has == id })
			if err := s.storeAgent(ctx, tx, by, &before, &a); err != nil {
				return err
			}
		}
		if err := tx.DeleteProfile(ctx, account, id); err != nil {
			return err
		}
		tx.Emit(profileEvent(core.ProfileDeleted, s.clock(), by, p))
		return nil
	})
	if err != nil {
		return fmt.Errorf("delete profile: %w", err)
	}
	return nil
}

// maxUniqueNameBytes bounds the unique names of profiles.
const maxUniqueNameBytes = 255

func checkProfile(ctx context.Context, r store.Reader, p *core.Profile) error {
	if err := core.CheckName(p.Name); err != nil {
		return err
	}
	if p.UniqueName == "" || len(p.UniqueName) > maxUniqueNameBytes {
		return core.Refuse("unique_name", fmt.Sprintf("a unique name has 1 to %d bytes", maxUniqueNameBytes))
	}
	held, taken, err := r.FindProfileByUniqueName(ctx, p.AccountID, p.UniqueName)
	if err == nil && taken && held.ID != p.ID {
		err = core.Taken("the unique name " + p.UniqueName)
	}
	return err
}

// AddProfiles gives an agent profiles beside those that it has, and returns
// all. A profile goes by its id, its unique name or its name, in this order;
// one that the account does not have is core.Invalid.
func (s *Accounts) AddProfiles(ctx context.Context, by core.Actor, account, agent int64, refs []string) ([]core.Profile, error) {
	return s.changeProfiles(ctx, by, account, agent, func(has []int64, all []core.Profile) ([]int64, error) {
		return gather(has, all, refs)
	})
}

// SetProfiles is AddProfiles in place of those that the agent has.
func (s *Accounts) SetProfiles(ctx context.Context, by core.Actor, account, agent int64, refs []string) ([]core.Profile, error) {
	return s.changeProfiles(ctx, by, account, agent, func(_ []int64, all []core.Profile) ([]int64, error) {
		return gather(nil, all, refs)
	})
}

// RemoveProfile takes a profile from an agent. One that the agent does not have
// is core.NotFound.
func (s *Accounts) RemoveProfile(ctx context.Context, by core.Actor, account, agent, profile int64) error {
	_, err := s.changeProfiles(ctx, by, account, agent, func(has []int64, _ []core.Profile) ([]int64, error) {
		at := slices.Index(has, profile)
		if at < 0 {
			return nil, core.Absent("profile")
		}
		return slices.Delete(slices.Clone(has), at, at+1), nil
	})
	return err
}

// gather adds the profiles that refs name to has, each once.
func gather(has []int64, all []core.Profile, refs []string) ([]int64, error) {
	has = slices.Clone(has)
	for _, ref := range refs {
		id, ok := findProfile(all, ref)
		if !ok {
			return nil, core.Refuse("profiles", "there is no profile "+strconv.Quote(ref))
		}
		if !slices.Contains(has, id) {
			has = append(has, id)
		}
	}
	return has, nil
}

// findProfile returns the profile that ref names.
func findProfile(all []core.Profile, ref string) (int64, bool) {
	for _, is := range []func(p core.Profile) bool{
		func(p core.Profile) bool { return strconv.FormatInt(p.ID, 10) == ref },
		func(p core.Profile) bool { return p.UniqueName == ref },
		func(p core.Profile) bool { return p.Name == ref },
	} {
		if i := slices.IndexFunc(all, is); i >= 0 {
			return all[i].ID, true
		}
	}
	return 0, false
}

// changeProfiles has change make the new list of an agent's profiles from the
// old one and the account's, and returns the agent's profiles after it.
func (s *Accounts) changeProfiles(
	ctx context.Context, by core.Actor, account, agent int64, change func(has []int64, all []core.Profile) ([]int64, error),
) ([]core.Profile, error) {
	var now []core.Profile
	err := s.store.InTx(ctx, account, func(ctx context.Context, tx store.Tx) error {
		a, err := member(ctx, tx, account, agent)
		if err != nil {
			return err
		}
		all, err := listProfiles(ctx, tx, account)
		if err != nil {
			return err
		}
		before := a
		if a.ProfileIDs, err = change(a.ProfileIDs, all); err != nil {
			return err
		}
		now = nil
		for _, id := range a.ProfileIDs {
			if i := slices.IndexFunc(all, func(p core.Profile) bool { return p.ID == id }); i >= 0 {
				now = append(now, all[i])
			}
		}
		return s.storeAgent(ctx, tx, by, &before, &a)
	})
	if err != nil {
		return nil, fmt.Errorf("change profiles of agent: %w", err)
	}
	return now, nil
}

func profileEvent(typ core.EventType, at core.Time, by core.Actor, p core.Profile) core.Event {
	return core.Event{AccountID: p.AccountID, Type: typ, At: at, Actor: orSystem(by), Data: p}
}
