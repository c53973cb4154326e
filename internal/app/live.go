package app

import (
	"context"
	"log/slog"

	"parley/internal/api"
	"parley/internal/core"
	"parley/internal/live"
	"parley/internal/live/ws"
	"parley/internal/service/feed"
	"parley/internal/service/file"
	"parley/internal/store"
)

// Live is what tells clients of events as they happen.
type Live struct {
	feed    *feed.Feed
	cursors *feed.Cursors
	render  *api.Renderer
	hub     *live.Hub
	sockets *ws.Sockets
}

// LiveOptions is what Live is made of.
type LiveOptions struct {
	Store store.Store
	Clock core.Clock
	Log   *slog.Logger
	IDKey []byte
	Files *file.Files // nil: files have no addresses
	Bus   live.Bus    // nil: this is the only node
	Poll  bool        // other nodes write to the database, too
}

// NewLive returns what follows nothing yet. The owner runs it, and closes it.
func NewLive(o LiveOptions) (*Live, error) {
	cursors, err := feed.NewCursors(o.IDKey)
	if err != nil {
		return nil, err
	}
	l := &Live{feed: feed.New(o.Store), cursors: cursors}
	var links *file.Links
	if o.Files != nil {
		links = o.Files.Links
	}
	l.render = api.NewRenderer(o.Store, links, cursors, o.Clock)
	l.hub = live.New(live.Options{
		Store: o.Store, Feed: l.feed, Cursors: cursors, Render: l.render, Clock: o.Clock, Log: o.Log, Bus: o.Bus, Poll: o.Poll,
	})
	l.sockets = ws.New(l.hub, o.Clock)
	return l, nil
}

// Run does what has a time, until ctx ends.
func (l *Live) Run(ctx context.Context) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.sockets.Run(ctx)
	}()
	l.hub.Run(ctx)
	<-done
}

// Close ends all streams and sockets, and tells their clients to come back.
func (l *Live) Close() {
	l.hub.Close()
	l.sockets.Close()
}
