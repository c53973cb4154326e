package config

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// prefix begins the name of every environment variable that is ours.
const prefix = "PARLEY_"

// testPrefix begins variables that only tests read.
const testPrefix = "PARLEY_TEST_"

// Variables are the names of the environment variables of the settings.
func Variables() []string {
	return []string{
		"PARLEY_ADDR", "PARLEY_ADMIN_ADDR", "PARLEY_DATA_DIR", "PARLEY_DATABASE_URL", "PARLEY_NATS_URL",
		"PARLEY_PUBLIC_URL", "PARLEY_TRUSTED_PROXIES", "PARLEY_ALLOWED_ORIGINS", "PARLEY_LOG_FORMAT", "PARLEY_LOG_LEVEL", "PARLEY_RATE_LIMIT",
		"PARLEY_FILES_LIMIT", "PARLEY_EVENTS_KEEP", "PARLEY_WEBHOOK_NETWORKS", "PARLEY_S3_ENDPOINT", "PARLEY_S3_BUCKET", "PARLEY_S3_REGION", "PARLEY_S3_ACCESS_KEY", "PARLEY_S3_SECRET_KEY",
		"PARLEY_S3_PATH_STYLE", "PARLEY_CONFIG",
	}
}

// secretVariables may also be given as a file that holds the value, under the
// name with _FILE.
var secretVariables = []string{"PARLEY_DATABASE_URL", "PARLEY_NATS_URL", "PARLEY_S3_ACCESS_KEY", "PARLEY_S3_SECRET_KEY"}

// CheckEnvironment refuses variables that look like ours and are no setting: a
// misspelt one must not pass unnoticed. environ is as os.Environ gives it.
func CheckEnvironment(environ []string) error {
	var unknown []string
	for _, kv := range environ {
		name, _, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, prefix) || strings.HasPrefix(name, testPrefix) || slices.Contains(Variables(), name) {
			continue
		}
		if base, ok := strings.CutSuffix(name, "_FILE"); ok && slices.Contains(secretVariables, base) {
			continue
		}
		unknown = append(unknown, name)
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return fmt.Errorf("unknown settings in the environment: %s", strings.Join(unknown, ", "))
	}
	return nil
}

// LoadSecretFiles sets each secret variable whose _FILE twin names a file to
// that file's text, without the line end.
func LoadSecretFiles() error {
	for _, name := range secretVariables {
		path, ok := os.LookupEnv(name + "_FILE")
		if !ok {
			continue
		}
		if _, both := os.LookupEnv(name); both {
			return fmt.Errorf("%s and %s_FILE are both set", name, name)
		}
		text, err := os.ReadFile(path) //nolint:gosec // the operator names the file
		if err != nil {
			return fmt.Errorf("%s_FILE: %w", name, err)
		}
		if err := os.Setenv(name, strings.TrimRight(string(text), "\r\n")); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
	}
	return nil
}

// LoadFile reads a TOML file of settings, named as the flags are. The file's
// keys are not judged here: the command line refuses those it does not know.
func LoadFile(path string) (map[string]any, error) {
	values := map[string]any{}
	if _, err := toml.DecodeFile(path, &values); err != nil {
		return nil, fmt.Errorf("configuration file %s: %w", path, err)
	}
	return values, nil
}

// Line is the setting as a line of a configuration file, without its end.
func Line(name string, value any) (string, error) {
	text, err := toml.Marshal(map[string]any{name: value})
	if err != nil {
		return "", fmt.Errorf("write setting %s: %w", name, err)
	}
	return strings.TrimSpace(string(text)), nil
}
