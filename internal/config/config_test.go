package config_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/internal/config"
)

func TestDefaultsStandInTheTags(t *testing.T) {
	t.Parallel()
	def := reflect.ValueOf(config.Default())
	for i := range def.NumField() {
		field := def.Type().Field(i)
		want := ""
		switch v := def.Field(i); v.Kind() {
		case reflect.String:
			want = v.String()
		case reflect.Int:
			want = strconv.FormatInt(v.Int(), 10)
		case reflect.Int64:
			tag, err := time.ParseDuration(field.Tag.Get("default"))
			if want = field.Tag.Get("default"); err != nil || int64(tag) != v.Int() {
				t.Errorf("%s: the tag says %q, Default %s", field.Name, want, v)
			}
		default:
		}
		if got := field.Tag.Get("default"); got != want {
			t.Errorf("%s: the tag says %q, Default %q", field.Name, got, want)
		}
		if field.Tag.Get("help") == "" {
			t.Errorf("%s has no help", field.Name)
		}
	}
}

func TestVariablesNameEverySetting(t *testing.T) {
	t.Parallel()
	cfg := reflect.TypeFor[config.Config]()
	if got, want := len(config.Variables()), cfg.NumField()+1; got != want { // and PARLEY_CONFIG
		t.Errorf("%d variables, want %d", got, want)
	}
}

func TestCheckReadsEveryServerOfNATS(t *testing.T) {
	t.Parallel()
	for value, ok := range map[config.Secret]bool{
		"nats://u:hunter2@a:4222": true, "tls://a": true, "nats://a:4222,nats://b:4222": true,
		"http://a": false, "a:4222": false, "nats://a:4222,http://u:hunter2@b": false, "nats://u:hunter2@a:x": false,
	} {
		cfg := config.Default()
		cfg.NATSURL = value
		err := cfg.Check()
		if (err == nil) != ok || err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want it taken: %t", value.Reveal(), err, ok)
		}
	}
}

func TestCheckReportsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	cfg := config.Config{
		Addr: "here", AdminAddr: "there", DatabaseURL: "mysql://user:hunter2@host/db", NATSURL: "http://x", PublicURL: "ftp://x",
		TrustedProxies: []string{"10.0.0.1"}, WebhookNetworks: []string{"10.0.0"}, AllowedOrigins: []string{"https://shop.example"}, RateLimit: -1,
		FilesLimit: -1, EventsKeep: -1, S3Endpoint: "ftp://x", S3SecretKey: "hunter2",
	}
	err := cfg.Check()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"--addr", "--admin-addr", "--data-dir", "--database-url", "--nats-url", "--public-url", "--trusted-proxies", "--webhook-networks", "--allowed-origins", "--rate-limit",
		"--files-limit", "--events-keep", "--s3-endpoint", "--s3-bucket", "--s3-access-key",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not reported in %q", want, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the password is told: %v", err)
	}
	def := config.Default()
	if err := def.Check(); err != nil {
		t.Errorf("the defaults are refused: %v", err)
	}
}

func TestOriginAllowed(t *testing.T) {
	t.Parallel()
	c := config.Config{AllowedOrigins: []string{"Shop.example", "*.acme.example"}}
	if err := (&config.Config{Addr: ":1", AdminAddr: ":1", DataDir: "x", AllowedOrigins: c.AllowedOrigins, FilesLimit: 1}).Check(); err != nil {
		t.Error(err)
	}
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "shop.example": true, "www.shop.example": false, "evilshop.example": false,
		"a.acme.example": true, "a.b.acme.example": true, "acme.example": false, ".acme.example": false, "evilacme.example": false, "": false,
	} {
		if c.OriginAllowed(host) != want {
			t.Errorf("%q is allowed: %t", host, !want)
		}
	}
}

func TestSecretsHide(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	secret := config.Secret("hunter2")
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", slog.Any("url", secret))
	if shown := fmt.Sprintf("%s %v %+v %s", secret, secret, config.Config{DatabaseURL: secret, S3AccessKey: secret, S3SecretKey: secret}, log.String()); strings.Contains(shown, "hunter2") {
		t.Errorf("shown: %s", shown)
	}
}

func TestCheckEnvironment(t *testing.T) {
	t.Parallel()
	ok := []string{"PATH=/bin", "PARLEY_ADDR=x", "PARLEY_TEST_POSTGRES=x", "PARLEY_DATABASE_URL_FILE=x"}
	if err := config.CheckEnvironment(ok); err != nil {
		t.Error(err)
	}
	err := config.CheckEnvironment(append(ok, "PARLEY_PORT=1", "PARLEY_ADDR_FILE=x"))
	if err == nil || !strings.Contains(err.Error(), "PARLEY_ADDR_FILE, PARLEY_PORT") {
		t.Errorf("got %v", err)
	}
}

func TestLoadSecretFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(path, []byte("postgres://x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PARLEY_DATABASE_URL", "")
	if err := os.Unsetenv("PARLEY_DATABASE_URL"); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PARLEY_DATABASE_URL_FILE", path)
	if err := config.LoadSecretFiles(); err != nil {
		t.Fatal(err)
	}
	if got := os.Getenv("PARLEY_DATABASE_URL"); got != "postgres://x" {
		t.Errorf("got %q", got)
	}
	if err := config.LoadSecretFiles(); err == nil {
		t.Error("both set: no error")
	}
}
