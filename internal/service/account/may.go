package account

import (
	"context"
	"fmt"
	"slices"

	"parley/internal/core"
)

// May tells whether an agent holds a permission: an administrator holds all,
// others those of their profiles. Nobody who was deleted holds any.
func (s *Accounts) May(ctx context.Context, account, agent int64, permission string) (bool, error) {
	a, err := member(ctx, s.store, account, agent)
	switch {
	case err != nil && core.KindOf(err) == core.NotFound:
		return false, nil
	case err != nil:
		return false, fmt.Errorf("read agent: %w", err)
	case a.Role == core.Administrator:
		return true, nil
	case len(a.ProfileIDs) == 0:
		return false, nil
	}
	profiles, err := s.ListProfiles(ctx, account)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(profiles, func(p core.Profile) bool {
		return slices.Contains(a.ProfileIDs, p.ID) && slices.Contains(p.Permissions, permission)
	}), nil
}
