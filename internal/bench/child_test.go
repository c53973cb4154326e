package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The test binary is also its own children: the floor, and a parent of one.
const (
	roleFloor  = "test-role-floor"
	roleParent = "test-role-parent"
)

func TestMain(m *testing.M) {
	if len(os.Args) < 2 {
		os.Exit(m.Run())
	}
	var err error
	switch os.Args[1] {
	case roleFloor:
		var size int
		if size, err = strconv.Atoi(os.Args[2]); err == nil {
			err = ServeFloor(context.Background(), size, os.Stdin, os.Stdout)
		}
	case roleParent:
		// Starts a floor, tells where it is, and waits to be killed.
		var url string
		if _, url, err = testFloor(context.Background(), []byte("{}")); err == nil {
			fmt.Fprintln(os.Stdout, url)
			select {}
		}
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func testFloor(ctx context.Context, body []byte) (*Child, string, error) {
	return FloorProgram{Program: os.Args[0], Args: []string{roleFloor}, Env: os.Environ()}.start(ctx, body)
}

func TestFloorAnswersWithItsBody(t *testing.T) {
	t.Parallel()
	body := bytes.Repeat([]byte(`{"a":1} `), 20_000)
	child, url, err := testFloor(t.Context(), body)
	if err != nil {
		t.Fatal(err)
	}
	c := connTo(t, url, time.Minute)
	for i := range int64(3) {
		if got, err := c.ask(t.Context(), anyScenario, i); err != nil || !bytes.Equal(got, body) {
			t.Fatalf("%d bytes, %v; want %d", len(got), err, len(body))
		}
	}
	if err := child.Stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	if err := child.Stop(); err != nil {
		t.Errorf("stop again: %v", err)
	}
	if _, err := c.ask(t.Context(), anyScenario, 0); err == nil {
		t.Error("it answers after it was stopped")
	}
}

// TestFloorEndsWithItsParent kills a process that started a floor, and holds a
// connection to the floor, whose end tells of the floor's.
func TestFloorEndsWithItsParent(t *testing.T) {
	t.Parallel()
	parent := exec.Command(os.Args[0], roleParent)
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the parent started no floor: %v", err)
	}
	c, err := net.Dial("tcp", strings.TrimPrefix(strings.TrimSpace(url), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	// One answer, so that the connection is the server's and not the backlog's.
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // it was killed
	if err := c.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, c); isTimeout(err) {
		t.Error("the floor outlives its parent")
	}
}

func TestStartTellsOfAChildThatFails(t *testing.T) {
	t.Parallel()
	_, _, err := Start(t.Context(), os.Args[0], []string{roleFloor, "many"}, os.Environ(), nil)
	if err == nil || !strings.Contains(err.Error(), "does not serve") || !strings.Contains(err.Error(), "invalid syntax") {
		t.Errorf("got %v, want what the child wrote", err)
	}
	if _, _, err := Start(t.Context(), os.Args[0]+"-missing", []string{"x"}, nil, nil); err == nil {
		t.Error("a program that is not there was started")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	// It waits for a body that never comes.
	if _, _, err := Start(ctx, os.Args[0], []string{roleFloor, "10"}, os.Environ(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want canceled", err)
	}
}
