package nats

import (
	"errors"
	"log/slog"
	"time"

	client "github.com/nats-io/nats.go"
)

// Waits of the connection.
const (
	connectTimeout = 2 * time.Second // of each server; the start waits for the first round
	reconnectWait  = time.Second
	reconnectJit   = time.Second
	// A server that has gone without a word is noticed within two pings, or when
	// nothing can be written.
	pingInterval  = 10 * time.Second
	unansweredMax = 2
	writeTimeout  = 5 * time.Second
	settleTimeout = 2 * time.Second
)

// errUnusable has no cause: the client's errors hold the URL.
var errUnusable = errors.New("the NATS URL cannot be used")

// connect returns a connection that is established, or tries to be for ever, and
// what closes it.
func connect(url string, log *slog.Logger, more []client.Option) (conn *client.Conn, end func(), err error) {
	w := &watcher{log: log}
	ended := make(chan struct{})
	conn, err = client.Connect(url, append([]client.Option{
		client.Name("parley"),
		client.NoEcho(), // this node has told itself
		client.Timeout(connectTimeout), client.RetryOnFailedConnect(true),
		client.SkipHostLookup(), // dialling resolves names, too, and within its timeout
		client.MaxReconnects(-1), client.ReconnectWait(reconnectWait), client.ReconnectJitter(reconnectJit, reconnectJit),
		client.IgnoreAuthErrorAbort(), // a password may be changed on the server first
		// What was to be said during an outage is stale after it.
		client.ReconnectBufSize(-1),
		client.PingInterval(pingInterval), client.MaxPingsOutstanding(unansweredMax), client.FlusherTimeout(writeTimeout),
		client.ConnectHandler(w.connected), client.ReconnectHandler(w.connected),
		client.DisconnectErrHandler(w.lost), client.ReconnectErrHandler(w.lost),
		client.ErrorHandler(func(conn *client.Conn, _ *client.Subscription, err error) { w.refused(conn, err) }),
		client.ClosedHandler(func(*client.Conn) { close(ended) }),
	}, more...)...)
	if err != nil {
		return nil, nil, errUnusable
	}
	return conn, func() {
		conn.Close()
		<-ended // the last of what the watcher is told
	}, nil
}

// settle waits until the server knows what was subscribed to, if it is there.
func settle(conn *client.Conn) {
	if conn.IsConnected() {
		_ = conn.FlushTimeout(settleTimeout) // a loss is logged elsewhere
	}
}

// watcher logs how the connection fares. Its methods are called one after the
// other, by the connection's own goroutine. None of the errors holds the URL:
// that is in those of reading it alone.
type watcher struct {
	log  *slog.Logger
	away bool // an outage was logged
	told bool // a refusal was logged since NATS came
}

// lost tells of an outage once, not of every attempt to end it.
func (w *watcher) lost(conn *client.Conn, err error) {
	if w.away || conn.IsClosed() {
		return
	}
	w.away = true
	w.log.Warn("NATS is away: changes of other nodes are seen within a second, and signals not at all", slog.Any("error", err))
}

func (w *watcher) connected(conn *client.Conn) {
	settle(conn)
	w.away, w.told = false, false
	w.log.Info("connected to NATS")
}

// refused tells of what the server does not allow, or drops, once a connection.
func (w *watcher) refused(conn *client.Conn, err error) {
	if w.away || w.told || conn.IsClosed() {
		return
	}
	w.told = true
	w.log.Warn("NATS does not carry everything between nodes", slog.Any("error", err))
}
