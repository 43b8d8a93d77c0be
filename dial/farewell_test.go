package dial_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/wire"
)

// The server's last reply is in the chain of an error, if the server closed the
// connection and only then.
func TestFarewell(t *testing.T) {
	for _, c := range []struct {
		err   error
		left  bool
		reply string
		text  string
	}{
		{wire.Hangup("421 too \x1b busy"), true, "421 too \ufffd busy", "server closed the connection (\"421 too \ufffd busy\")"},
		{fmt.Errorf("read: %w", &wire.Closed{Err: io.EOF}), true, "", "server closed the connection"},
		{io.ErrClosedPipe, false, "", ""},
		{nil, false, "", ""},
	} {
		err := &dial.Error{Phase: dial.PhaseSession, Endpoint: imaps("h"), Err: c.err}
		var f *dial.Farewell
		if errors.As(err, &f) != c.left {
			t.Errorf("%v: %v", c.err, f)
			continue
		}
		if c.left && (f.Reply != c.reply || f.Error() != c.text || !errors.Is(err, io.EOF)) {
			t.Errorf("%v: %q, %v", c.err, f.Reply, f)
		}
	}
}
