// Peers shows what a file of remembered servers holds, what a connection would
// be held to by it, and makes it forget:
//
//	go run ./examples/peers ~/.local/state/mail/peers list
//	go run ./examples/peers ~/.local/state/mail/peers explain imap://mail.example.org
//	go run ./examples/peers ~/.local/state/mail/peers forget imap://mail.example.org
//	go run ./examples/peers -h
//
// A program fills such a file by setting Dialer.Peers to a filestore.Store.
// What this one says of a record is in explain.go.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/peers/filestore"
	"github.com/mailconn/mailconn/examples/internal/cli"
)

// The exit status.
const (
	statusOK       = 0
	statusFailed   = 1
	statusUsage    = cli.StatusUsage
	statusStranger = 3
)

func main() {
	cli.Main(func(ctx context.Context, args []string) int { return run(ctx, args, os.Stdout, os.Stderr) })
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stdout)
	if err != nil {
		return cli.Reject("peers", err, stderr)
	}
	status, err := o.do(ctx, stdout)
	if err != nil {
		reportFailure(stderr, err)
		return statusFailed
	}
	return status
}

// do opens the file and does what the options say.
func (o *options) do(ctx context.Context, w io.Writer) (int, error) {
	if _, err := os.Stat(o.file); err != nil {
		return 0, err // where Open would make a new file
	}
	s, err := filestore.Open(ctx, o.file)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	switch o.command {
	case "list":
		return statusOK, list(ctx, w, s)
	case "prune":
		return statusOK, prune(ctx, w, s)
	}
	r, err := s.Recall(ctx, o.peer)
	if err == nil && o.command == "forget" {
		return forget(ctx, w, s, o.peer, r)
	}
	if err != nil {
		return 0, err
	}
	explain(w, o.peer, r, clock())
	return known(r), nil
}

// clock returns the time as records have it, in UTC.
func clock() time.Time { return time.Now().UTC() }

func known(r *peers.Record) int {
	if r == nil {
		return statusStranger
	}
	return statusOK
}

// list writes a line for each server, in the order of their names.
func list(ctx context.Context, w io.Writer, s *filestore.Store) error {
	var lines []string
	width, now := 0, clock()
	summaries := map[string]string{}
	err := s.Each(ctx, func(p peers.Peer, r peers.Record) error {
		summaries[p.String()] = summary(r, now)
		width = max(width, len(p.String()))
		return nil
	})
	for p, text := range summaries {
		lines = append(lines, fmt.Sprintf("%-*s  %s", width, p, text))
	}
	slices.Sort(lines)
	if err == nil && len(lines) == 0 {
		lines = []string{"no servers are remembered"}
	}
	if err == nil {
		fmt.Fprintln(w, strings.Join(lines, "\n"))
	}
	return err
}

func forget(ctx context.Context, w io.Writer, s *filestore.Store, p peers.Peer, r *peers.Record) (int, error) {
	if r == nil {
		fmt.Fprintf(w, "%v was not remembered\n", p)
		return statusStranger, nil
	}
	if err := s.Forget(ctx, p); err != nil {
		return 0, err
	}
	fmt.Fprintf(w, "%v is forgotten: it was %s\n", p, summary(*r, clock()))
	return statusOK, nil
}

// prune forgets what holds no more. The Store does not do so by itself, for a
// program may want to show it beside a connection in the clear.
func prune(ctx context.Context, w io.Writer, s *filestore.Store) error {
	n, now := 0, clock()
	err := s.Each(ctx, func(p peers.Peer, r peers.Record) error {
		if !r.Expired(now) {
			return nil
		}
		n++
		return s.Forget(ctx, p)
	})
	if err == nil {
		fmt.Fprintf(w, "%d forgotten, whose time was over\n", n)
	}
	return err
}

// reportFailure says what can be done about a file that is refused.
func reportFailure(w io.Writer, err error) {
	fmt.Fprintln(w, "peers:", err)
	var bad *filestore.CorruptError
	switch {
	case errors.As(err, &bad):
		fmt.Fprintln(w, "The file was left as it is. A good copy may take its place; if there is none, move it away, and all servers are strangers.")
	case errors.Is(err, filestore.ErrExposed):
		fmt.Fprintln(w, "Who else could write the file could change what is remembered. If you trust it, make it yours alone: chmod 600")
	}
}
