// Trace shows how a connection comes about, as records of log/slog: dial.LogTrace
// turns the hooks of dial.Trace into a log.
//
// It brings its own mail server, on a free port of 127.0.0.1:
//
//	go run ./examples/trace
package main

import (
	"context"
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
	d := &dial.Dialer{TLSConfig: srv.ClientConfig(), Trace: dial.LogTrace(log)}
	conn, err := d.Dial(ctx, srv.Endpoint(policy.OpportunisticSTARTTLS))
	if err != nil {
		return err
	}
	defer conn.Close()
	log.Info("connected", "security", conn.Security())
	return nil
}
