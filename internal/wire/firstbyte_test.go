package wire_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// speak runs f with the two ends of a pipe, in a bubble with its own clock.
func speak(t *testing.T, f func(t *testing.T, client, server net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		defer client.Close()
		defer server.Close()
		f(t, client, server)
	})
}

func TestFirstByteLetsTLSThrough(t *testing.T) {
	for _, record := range []string{"\x16\x03\x03", "\x15\x03\x01\x00\x02\x02\x28", "\x16"} {
		speak(t, func(t *testing.T, client, server net.Conn) {
			go func() {
				io.WriteString(server, record)
				io.WriteString(server, "220 later bytes are not looked at\r\n")
				server.Close()
			}()
			got, err := io.ReadAll(wire.NewFirstByte(client, policy.ErrNotTLS))
			if want := record + "220 later bytes are not looked at\r\n"; string(got) != want || err != nil {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func TestFirstByteCatchesSpeech(t *testing.T) {
	for _, c := range []struct {
		said, words string
		atOnce      bool // the line is complete: there is nothing to wait for
	}{
		{"* OK ready\r\n", "* OK ready", true},
		{"+OK\r\nmore\r\n", "+OK", true},
		{"220 no line end", "220 no line end", false},
		{"\x00", "\ufffd", false},
		{"\x17\x03\x03\r\n", "\ufffd\ufffd\ufffd", true}, // application data cannot come first
		{strings.Repeat("x", 5000), strings.Repeat("x", 509), true},
	} {
		for _, step := range []int{1, len(c.said)} {
			speak(t, func(t *testing.T, client, server net.Conn) {
				go func() {
					for i := 0; i < len(c.said); i += step {
						if _, err := io.WriteString(server, c.said[i:i+step]); err != nil {
							return
						}
					}
				}()
				start := time.Now()
				n, err := wire.NewFirstByte(client, policy.ErrInjected).Read(make([]byte, 5))
				var v *policy.Violation
				if n != 0 || !errors.As(err, &v) || v.Reason != policy.ErrInjected || v.Reply[:min(len(v.Reply), 509)] != c.words {
					t.Errorf("%.20q by %d: %d bytes, %v", c.said, step, n, err)
				}
				if took := time.Since(start); c.atOnce != (took == 0) || took > 500*time.Millisecond {
					t.Errorf("%.20q by %d: took %v", c.said, step, took)
				}
			})
		}
	}
}

func TestFirstByteDoesNotWaitForADrip(t *testing.T) {
	speak(t, func(t *testing.T, client, server net.Conn) {
		go func() {
			for {
				if _, err := io.WriteString(server, "x"); err != nil {
					return
				}
				time.Sleep(100 * time.Millisecond)
			}
		}()
		start := time.Now()
		_, err := wire.NewFirstByte(client, policy.ErrNotTLS).Read(make([]byte, 5))
		if took := time.Since(start); !errors.Is(err, policy.ErrNotTLS) || took > 500*time.Millisecond {
			t.Errorf("after %v: %v", took, err)
		}
		client.Close()
		time.Sleep(time.Second) // the server wakes up
	})
}

func TestFirstByteLeavesErrorsAlone(t *testing.T) {
	speak(t, func(t *testing.T, client, server net.Conn) {
		server.Close()
		if _, err := wire.NewFirstByte(client, policy.ErrNotTLS).Read(make([]byte, 5)); err != io.EOF {
			t.Errorf("server hung up: %v", err)
		}
	})
}

func TestSpeaksTLS(t *testing.T) {
	for in, want := range map[[2]byte]bool{
		{0x16, 3}: true, {0x15, 3}: true, {0x16}: false, {}: false, {0x17, 3}: false, {0x16, 2}: false, {'*', ' '}: false,
	} {
		if got := wire.SpeaksTLS(in); got != want {
			t.Errorf("%q: %v", in, got)
		}
	}
}

// After a violation further reads fail as well, so that nothing reaches crypto/tls.
func TestFirstByteErrorStays(t *testing.T) {
	speak(t, func(t *testing.T, client, server net.Conn) {
		go func() { io.WriteString(server, "* OK\r\n"); io.WriteString(server, "more\r\n") }()
		c := wire.NewFirstByte(client, policy.ErrNotTLS)
		c.Read(make([]byte, 5))
		for range 2 {
			if n, err := c.Read(make([]byte, 5)); n > 0 || !errors.Is(err, policy.ErrNotTLS) {
				t.Fatalf("%d bytes, %v", n, err)
			}
		}
	})
}
