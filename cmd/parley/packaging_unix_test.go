//go:build unix

package main

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"parley/internal/testkit"
)

// instructions are a Dockerfile's, with lines joined; each begins with its
// word.
func instructions(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\\\n", " ")) {
		if line = strings.Join(strings.Fields(line), " "); line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, line)
		}
	}
	return all
}

// TestImage holds the Dockerfile to what docs/operations.md promises of the
// image, and then runs the program as the image does: built by the same
// command, in a folder that holds nothing else, as the same user, with one
// folder to write to.
func TestImage(t *testing.T) {
	t.Parallel()
	if testkit.Small() {
		t.Skip("builds a binary of its own, which is the same in every run")
	}
	all := instructions(t, "../../Dockerfile")
	last := 0
	var build string
	for i, line := range all {
		if strings.HasPrefix(line, "FROM ") {
			last = i
		}
		if strings.Contains(line, "go build") {
			build = strings.TrimPrefix(line, "RUN ")
		}
	}
	final := strings.Join(all[last:], "\n") + "\n"
	for _, want := range []string{
		`(?m)^FROM scratch$`,
		`(?m)^COPY --from=build /out/parley /parley$`,
		`(?m)^COPY --from=build --chown=65532:65532 /out/data /data$`,
		`(?m)^USER 65532:65532$`,
		`(?m)^ENV .*PARLEY_DATA_DIR=/data\b`,
		`(?m)^VOLUME /data$`,
		`(?m)^HEALTHCHECK .*CMD \["/parley", "health"\]$`,
		`(?m)^ENTRYPOINT \["/parley"\]$`,
		`(?m)^CMD \["serve"\]$`,
	} {
		if !regexp.MustCompile(want).MatchString(final) {
			t.Errorf("the last stage has nothing like %s:\n%s", want, final)
		}
	}
	if !strings.HasPrefix(build, "CGO_ENABLED=0 ") {
		t.Errorf("the program is built by %q", build)
	}
	if strings.Contains(final, "RUN ") {
		t.Error("the last stage runs something, and has nothing to run it with")
	}
	root := t.TempDir()
	buildAs(t, build, filepath.Join(root, "parley"))
	runAlone(t, root)
}

// buildAs builds the program by the Dockerfile's command, for this machine.
func buildAs(t *testing.T, build, target string) {
	t.Helper()
	build = strings.Replace(build, "/out/parley", target, 1)
	cmd := exec.CommandContext(t.Context(), "sh", "-euc", build)
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "TARGETOS="+runtime.GOOS, "TARGETARCH="+runtime.GOARCH, "VERSION=image-test")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", build, err, out)
	}
	if runtime.GOOS != "linux" {
		return
	}
	f, err := elf.Open(target)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("the program is not static: it has %v", p.Type)
		}
	}
}

// runAlone serves below root, asks for its health and stops it. As root the
// program sees nothing outside and runs as the image's user; others cannot
// change either, and run it as they are.
func runAlone(t *testing.T, root string) {
	t.Helper()
	const user = 65532
	program, data, attr := filepath.Join(root, "parley"), filepath.Join(root, "data"), &syscall.SysProcAttr{}
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		if err := errors.Join(os.Chown(data, user, user), os.Chmod(root, 0o755)); err != nil {
			t.Fatal(err)
		}
		program, data = "/parley", "/data"
		attr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: user, Gid: user}}
	}
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	command := func(args ...string) (*exec.Cmd, *bytes.Buffer) {
		cmd := exec.CommandContext(t.Context(), program, args...)
		cmd.Dir, cmd.SysProcAttr = "/", attr
		cmd.Env = []string{fmt.Sprintf("PARLEY_ADDR=:%d", port), "PARLEY_ADMIN_ADDR=127.0.0.1:0", "PARLEY_DATA_DIR=" + data}
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		return cmd, &out
	}
	server, log := command("serve")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for healthy := false; !healthy; {
		check, out := command("health")
		if healthy = check.Run() == nil; healthy {
			break
		}
		select {
		case <-ctx.Done():
			t.Errorf("never healthy: %s", out)
			healthy = true
		case <-tick.C:
		}
	}
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if err := server.Wait(); err != nil {
		t.Errorf("serve: %v\n%s", err, log)
	}
	version, out := command("version")
	if err := version.Run(); err != nil || out.String() != "parley image-test\n" {
		t.Errorf("version: %q, %v", out, err)
	}
	// Everything that was written is in the one folder.
	files, err := os.ReadDir(root)
	if err != nil || len(files) != 2 {
		t.Errorf("below the root: %v, %v", files, err)
	}
}

// TestUnit holds the systemd unit to what docs/operations.md promises of it.
func TestUnit(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../packaging/parley.service")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"User=parley", "ExecStart=/usr/local/bin/parley serve", "StateDirectory=parley", "Environment=PARLEY_DATA_DIR=/var/lib/parley",
		"ProtectSystem=strict", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "PrivateTmp=yes", "Restart=on-failure",
	} {
		if !strings.Contains(string(text), "\n"+want+"\n") {
			t.Errorf("the unit has no %s", want)
		}
	}
}
