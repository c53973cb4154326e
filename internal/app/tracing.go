package app

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"parley/internal/httpx"
)

// tracing sends a span for each request to an OpenTelemetry collector.
type tracing struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
}

// newTracing returns nil unless the standard environment of OpenTelemetry
// names a collector; OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER and the other
// variables of its exporter hold as well.
func newTracing(ctx context.Context) (*tracing, error) {
	if os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "" {
		return nil, nil //nolint:nilnil // no tracing is not a fault
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("set up traces: %w", err)
	}
	return tracingTo(sdktrace.WithBatcher(exporter)), nil
}

func tracingTo(processor sdktrace.TracerProviderOption) *tracing {
	p := sdktrace.NewTracerProvider(processor)
	return &tracing{provider: p, tracer: p.Tracer("parley")}
}

// close sends what is left.
func (t *tracing) close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// around starts a span for each request, below the caller's when it names one.
func (t *tracing) around(next http.Handler) http.Handler {
	if t == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := t.tracer.Start(ctx, r.Method, trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// observe names the request's span. It holds neither paths nor queries: they
// carry ids that open conversations.
func (t *tracing) observe(ctx context.Context, method string, c *httpx.Call, a httpx.Answer) {
	if t == nil {
		return
	}
	span := trace.SpanFromContext(ctx)
	span.SetName(method + " " + c.Route)
	span.SetAttributes(
		attribute.String("http.request.method", knownMethod(method)), attribute.String("http.route", c.Route),
		attribute.Int("http.response.status_code", a.Status), attribute.Int64("http.response.body.size", a.Bytes),
		attribute.String("parley.door", c.Door), attribute.String("parley.request_id", c.ID),
		attribute.Int64("parley.account_id", c.AccountID))
	if a.Status >= http.StatusInternalServerError || a.Status == 0 {
		span.SetStatus(codes.Error, "")
	}
}
