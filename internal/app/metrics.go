package app

import (
	"context"
	"net/http"
	"net/http/pprof"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"parley/internal/httpx"
)

// metrics are what a server tells of itself at /metrics. No label has more
// values than there are routes: never an account, a token or a path.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	inFlight prometheus.Gauge
	limited  *prometheus.CounterVec
	groups   prometheus.Histogram
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parley_http_requests_total",
			Help: "Answered requests. Status 0: the connection was cut before the answer.",
		}, []string{"door", "route", "method", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "parley_http_request_seconds", Help: "From the request's header to the end of its answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"door", "route"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "parley_http_in_flight", Help: "Requests that are being answered."}),
		limited: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parley_rate_limited_total", Help: "Requests refused by a rate limit.",
		}, []string{"limit"}),
		groups: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "parley_store_commit_group_size", Help: "Commands that shared a transaction.",
			Buckets: []float64{1, 2, 4, 8, 16, 32, 64, 128},
		}),
	}
	for _, name := range []httpx.LimitName{httpx.LimitToken, httpx.LimitCustomer, httpx.LimitAddress, httpx.LimitMisses, httpx.LimitFailures} {
		m.limited.WithLabelValues(string(name)) // so that alerts see a 0
	}
	m.registry.MustRegister(m.requests, m.seconds, m.inFlight, m.limited, m.groups,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// watch adds the state of the database.
func (m *metrics) watch(h *health) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "parley_db_up", Help: "1 while the database answers and its schema is current.",
	}, func() float64 {
		if h.ready(context.Background()) != nil {
			return 0
		}
		return 1
	}))
}

// observe counts an answer.
func (m *metrics) observe(method string, c *httpx.Call, a httpx.Answer) {
	m.requests.WithLabelValues(c.Door, c.Route, knownMethod(method), strconv.Itoa(a.Status)).Inc()
	m.seconds.WithLabelValues(c.Door, c.Route).Observe(a.Took.Seconds())
}

// knownMethod keeps callers from inventing label values.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// counting counts the requests in flight.
func (m *metrics) counting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.inFlight.Inc()
		defer m.inFlight.Dec()
		next.ServeHTTP(w, r)
	})
}

// limitHit counts a refusal.
func (m *metrics) limitHit(name httpx.LimitName) { m.limited.WithLabelValues(string(name)).Inc() }

// group counts a commit group.
func (m *metrics) group(commands int) { m.groups.Observe(float64(commands)) }

// operatorHandler serves the admin address: metrics, profiles and health.
func operatorHandler(m *metrics, h *health) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second}))
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	mux.Handle("/", h)
	return mux
}
