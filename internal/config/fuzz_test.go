package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/internal/config"
)

// FuzzSettings: whatever stands in a file, in the environment or in a URL, a
// start goes on or is refused, and the refusal does not print a secret.
func FuzzSettings(f *testing.F) {
	const password = "correct-horse"
	f.Add("addr = \"127.0.0.1:0\"\ndata-dir = \"x\"", "PARLEY_ADDR=x", "postgres://u:", "@h/d")
	f.Add("a = [1, {b = 2}]\n[a]", "PARLEY_ADR", "mysql://u:", "@h/d")
	f.Add("\x00\xff", "PARLEY_\x00=\xff", "://", "")
	f.Add("a.b.\"\\u0000\" = 1e400", "=", "postgres://u:%zz", "@h")
	f.Fuzz(func(t *testing.T, file, variable, before, after string) {
		path := filepath.Join(t.TempDir(), "parley.toml")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		if values, err := config.LoadFile(path); (err == nil) != (values != nil) {
			t.Errorf("LoadFile: %v, %v", values, err)
		}
		err := config.CheckEnvironment([]string{variable})
		if ours := strings.HasPrefix(variable, "PARLEY_"); err != nil && !ours {
			t.Errorf("CheckEnvironment(%q) = %v", variable, err)
		}
		cfg := config.Default()
		cfg.DatabaseURL, cfg.NATSURL = config.Secret(before+password+after), config.Secret(before+password+after)
		if err := cfg.Check(); err != nil && strings.Contains(err.Error(), password) {
			t.Errorf("Check tells the password: %v", err)
		}
	})
}
