// Package config is every setting of Parley in one struct: names, defaults,
// help, and the checks that stop a start on a bad one. Flags win over the
// environment, and that over the configuration file.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Config is the settings that every command shares. The tags are the command
// line's: each flag is also read from PARLEY_ and its name in capitals.
type Config struct {
	Addr           string        `default:"127.0.0.1:8080" help:"Address that clients connect to." placeholder:"HOST:PORT"`
	AdminAddr      string        `default:"127.0.0.1:8081" help:"Address for metrics and profiles, never open to clients; off for none." placeholder:"HOST:PORT"`
	DataDir        string        `default:"./parley-data" help:"Folder for the SQLite file, its lock, the admin socket and the files of messages." placeholder:"DIR"`
	DatabaseURL    Secret        `help:"postgres://... to keep data in PostgreSQL; without it in a SQLite file in the data dir." placeholder:"URL"`
	NATSURL        Secret        `name:"nats-url" env:"PARLEY_NATS_URL" help:"nats://... to wake other nodes that share the PostgreSQL database; several servers of one cluster with commas between them." placeholder:"URL"`
	PublicURL      string        `help:"Address that clients know this server by; without it addresses in answers are paths." placeholder:"URL"`
	TrustedProxies []string      `help:"Networks whose X-Forwarded-For is believed, such as 10.0.0.0/8." placeholder:"CIDR"`
	AllowedOrigins []string      `help:"Hosts whose pages may call the Uncodie dialect from a browser, such as shop.example or *.shop.example; pages of this machine always may." placeholder:"HOST"`
	LogFormat      string        `default:"text" enum:"text,json" help:"Form of the log: text or json."`
	LogLevel       string        `default:"info" enum:"debug,info,warn,error" help:"What is logged: debug has a line for each request."`
	RateLimit      int           `default:"3000" help:"Requests a minute of each token, of each customer, and of each address that brings none; unknown ids are held to a tenth, wrong tokens to a fiftieth. 0 switches every limit off." placeholder:"N"`
	FilesLimit     int           `default:"41943040" help:"Largest file that a message may carry, in bytes." placeholder:"BYTES"`
	EventsKeep     time.Duration `default:"720h" help:"How long events are kept; a reader of the log who stays away longer has to read everything anew. 0 = for ever." placeholder:"TIME"`
	// WebhookNetworks are networks that nobody but this server may be able to reach.
	WebhookNetworks []string `help:"Private networks that webhooks may call, also without TLS, such as 10.1.0.0/16; without it they call the Internet alone, over https." placeholder:"CIDR"`
	S3Endpoint      string   `name:"s3-endpoint" env:"PARLEY_S3_ENDPOINT" help:"URL of an S3-compatible service that keeps the files of messages; without it they are kept in the data dir." placeholder:"URL"`
	S3Bucket        string   `name:"s3-bucket" env:"PARLEY_S3_BUCKET" help:"Bucket for the files; it must exist." placeholder:"NAME"`
	S3Region        string   `name:"s3-region" env:"PARLEY_S3_REGION" default:"us-east-1" help:"Region of the bucket." placeholder:"NAME"`
	S3AccessKey     Secret   `name:"s3-access-key" env:"PARLEY_S3_ACCESS_KEY" help:"Name of the key that may read, write and delete in the bucket." placeholder:"KEY"`
	S3SecretKey     Secret   `name:"s3-secret-key" env:"PARLEY_S3_SECRET_KEY" help:"The key itself." placeholder:"KEY"`
	S3PathStyle     bool     `name:"s3-path-style" env:"PARLEY_S3_PATH_STYLE" help:"Put the bucket into the path of addresses and not into the name of the host, as many self-hosted services ask for."`
}

// Default is the configuration that nothing changes. A test holds it against
// the tags.
func Default() Config {
	return Config{
		Addr: "127.0.0.1:8080", AdminAddr: "127.0.0.1:8081", DataDir: "./parley-data", LogFormat: "text", LogLevel: "info", RateLimit: 3000,
		FilesLimit: 40 << 20, EventsKeep: 720 * time.Hour, S3Region: "us-east-1",
	}
}

// Off is the admin address that opens no listener.
const Off = "off"

// Secret is a setting that logs and printed configurations must not show.
type Secret string

// String hides the value.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "(hidden)"
}

// LogValue hides the value from structured logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Reveal returns the value for use.
func (s Secret) Reveal() string { return string(s) }

// Postgres tells whether the data is kept in PostgreSQL.
func (c *Config) Postgres() bool { return c.DatabaseURL != "" }

// maxFilesLimit bounds the largest file: it arrives in one request, and is
// stored with one call.
const maxFilesLimit = 1 << 30

// AdminSocket is the Unix socket over which the command line reaches a running
// server.
func (c *Config) AdminSocket() string { return filepath.Join(c.DataDir, "admin.sock") }

// Check reports every bad setting at once.
func (c *Config) Check() error {
	var errs []error
	for flag, addr := range map[string]string{"addr": c.Addr, "admin-addr": c.AdminAddr} {
		if _, _, err := net.SplitHostPort(addr); err != nil && (flag != "admin-addr" || addr != Off) {
			errs = append(errs, fmt.Errorf("--%s: %q is not HOST:PORT", flag, addr))
		}
	}
	if c.DataDir == "" {
		errs = append(errs, errors.New("--data-dir: a folder is needed"))
	}
	errs = append(errs,
		checkURL("database-url", c.DatabaseURL.Reveal(), "postgres", "postgresql"),
		checkURL("public-url", c.PublicURL, "http", "https"))
	for server := range strings.SplitSeq(c.NATSURL.Reveal(), ",") {
		errs = append(errs, checkURL("nats-url", server, "nats", "tls"))
	}
	for flag, networks := range map[string][]string{"trusted-proxies": c.TrustedProxies, "webhook-networks": c.WebhookNetworks} {
		for _, p := range networks {
			if _, err := netip.ParsePrefix(p); err != nil {
				errs = append(errs, fmt.Errorf("--%s: %q is not a network such as 10.0.0.0/8", flag, p))
			}
		}
	}
	for _, h := range c.AllowedOrigins {
		if h == "" || strings.ContainsAny(strings.TrimPrefix(h, "*."), "*/: ") {
			errs = append(errs, fmt.Errorf("--allowed-origins: %q is not a host such as shop.example or *.shop.example", h))
		}
	}
	if c.FilesLimit < 1 || c.FilesLimit > maxFilesLimit {
		errs = append(errs, fmt.Errorf("--files-limit: must be between 1 and %d", maxFilesLimit))
	}
	if c.EventsKeep < 0 {
		errs = append(errs, errors.New("--events-keep: must not be negative"))
	}
	errs = append(errs, checkURL("s3-endpoint", c.S3Endpoint, "http", "https"))
	if (c.S3Endpoint == "") != (c.S3Bucket == "") {
		errs = append(errs, errors.New("--s3-endpoint, --s3-bucket: one needs the other"))
	}
	if c.S3Endpoint != "" && (c.S3AccessKey == "" || c.S3SecretKey == "") {
		errs = append(errs, errors.New("--s3-access-key, --s3-secret-key: the bucket needs both"))
	}
	if c.RateLimit < 0 {
		errs = append(errs, errors.New("--rate-limit: must not be negative"))
	}
	return errors.Join(errs...)
}

// OriginAllowed tells whether pages of the host, in lower case and without
// port, may call from a browser.
func (c *Config) OriginAllowed(host string) bool {
	if host == "localhost" || host == "127.0.0.1" {
		return true
	}
	return slices.ContainsFunc(c.AllowedOrigins, func(allowed string) bool {
		allowed = strings.ToLower(allowed)
		if parent, ok := strings.CutPrefix(allowed, "*"); ok {
			return strings.HasSuffix(host, parent) && len(host) > len(parent)
		}
		return host == allowed
	})
}

// checkURL never prints the value: it may hold a password.
func checkURL(flag, value string, schemes ...string) error {
	if value == "" {
		return nil
	}
	u, err := url.Parse(value)
	if err == nil {
		for _, s := range schemes {
			if u.Scheme == s {
				return nil
			}
		}
	}
	return fmt.Errorf("--%s: must begin with %s://", flag, strings.Join(schemes, ":// or "))
}
