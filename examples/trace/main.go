// Trace shows how a connection comes about, as records of log/slog: it turns
// the hooks of dial.Trace into a log of one dial.
//
// It brings its own mail server, on a free port of 127.0.0.1:
//
//	go run ./examples/trace
package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "trace:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer) error {
	srv, err := dialtest.NewServer(dialtest.Config{Protocol: policy.IMAP})
	if err != nil {
		return err
	}
	defer srv.Close()

	log := slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
	d := &dial.Dialer{TLSConfig: srv.ClientConfig(), Trace: logged(log)}
	conn, err := d.Dial(ctx, srv.Endpoint(policy.OpportunisticSTARTTLS))
	if err != nil {
		return err
	}
	defer conn.Close()
	log.Info("connected", "security", conn.Security())
	return nil
}

// logged returns hooks that write to log. They hold no state, so that they may
// serve any number of dials at once; the times of the records tell how long a
// phase took.
func logged(log *slog.Logger) *dial.Trace {
	return &dial.Trace{
		PhaseStart: func(e dial.Endpoint, p dial.Phase) {
			log.Debug("phase begins", "endpoint", e, "phase", p)
		},
		PhaseDone: func(e dial.Endpoint, p dial.Phase, err error) {
			if err != nil {
				log.Error("phase failed", "endpoint", e, "phase", p, "error", err)
				return
			}
			log.Debug("phase done", "endpoint", e, "phase", p)
		},
		Decided: func(e dial.Endpoint, decision dial.Decision, _ error) { // the error comes back in PhaseDone
			log.Info("policy decided", "endpoint", e, "decision", decision)
		},
		HandshakeDone: func(e dial.Endpoint, s tls.ConnectionState) {
			log.Info("handshake done", "endpoint", e, "version", tls.VersionName(s.Version), "resumed", s.DidResume)
		},
	}
}
