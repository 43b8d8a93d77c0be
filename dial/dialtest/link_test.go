package dialtest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest"
)

// leadsTo is a dialer that has one connection.
type leadsTo struct{ conn net.Conn }

func (to leadsTo) DialContext(context.Context, string, string) (net.Conn, error) { return to.conn, nil }

// Neither a stall nor a half-open connection is told to the client. The server's end of a
// half-open one is closed; in a stall the server waits as the client does.
func TestWhatTheServerSees(t *testing.T) {
	for kind, want := range map[dialtest.FaultKind]error{ // of reading to the end
		dialtest.FaultStall: os.ErrDeadlineExceeded, dialtest.FaultHalfOpen: nil, dialtest.FaultCut: nil,
	} {
		synctest.Test(t, func(t *testing.T) {
			server, upstream := net.Pipe()
			d := dialtest.Plan{Faults: []dialtest.Fault{{Kind: kind, ToServer: true, After: 2}}}.Dialer(leadsTo{upstream})
			client, err := d.DialContext(t.Context(), "tcp", "mail.test:25")
			if err != nil {
				t.Fatal(err)
			}
			go client.Write([]byte("ab"))
			server.SetDeadline(time.Now().Add(time.Hour))
			client.SetDeadline(time.Now().Add(time.Hour))
			if got, err := io.ReadAll(server); string(got) != "ab" || !errors.Is(err, want) {
				t.Errorf("%v: the server got %q, %v", kind, got, err)
			}
			if _, err := client.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) != (kind != dialtest.FaultCut) {
				t.Errorf("%v: the client was told %v", kind, err)
			}
			client.Close()
			server.Close()
		})
	}
}
