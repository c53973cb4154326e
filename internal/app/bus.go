package app

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"

	"parley/internal/config"
	"parley/internal/live"
	"parley/internal/live/nats"
	"parley/internal/store"
)

// installationBytes is the length of an installation's name between nodes.
const installationBytes = 16

// openBus returns what carries wake-ups and signals between the nodes that
// share the store, nil for a node that is told of no others, and what ends it.
func openBus(ctx context.Context, cfg *config.Config, st store.Store, idKey []byte, log *slog.Logger) (live.Bus, func(), error) {
	none := func() {}
	switch {
	case cfg.NATSURL == "":
		return nil, none, nil
	case !cfg.Postgres():
		log.WarnContext(ctx, "this setting has no effect without PostgreSQL: a SQLite file has one node", slog.String("flag", "nats-url"))
		return nil, none, nil
	}
	// Nodes of one database meet under one name, which nobody has to set and
	// which tells nothing.
	name, err := hkdf.Key(sha256.New, idKey, nil, "parley installation between nodes", installationBytes)
	if err != nil {
		return nil, none, fmt.Errorf("name the installation: %w", err)
	}
	bus, err := nats.Open(cfg.NATSURL.Reveal(), hex.EncodeToString(name), log)
	if err != nil {
		return nil, none, fmt.Errorf("open the bus between nodes (--nats-url): %w", err)
	}
	st.OnCommitted(bus.Committed)
	return bus, bus.Close, nil
}
