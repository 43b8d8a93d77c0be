package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mailconn/mailconn/internal/test/child"
	"github.com/mailconn/mailconn/smtpconn/outbox"
)

// On a full disk nothing is left of what Put has refused, and what was there is delivered
// once there is space.
func TestFullDisk(t *testing.T) {
	child.RunWithMounts(t, child.Command(t, "full", t.TempDir()))
}

// fullDisk mounts a disk of a megabyte, and puts messages until it is full.
func fullDisk(args []string) error {
	if err := child.MountDisk(args[0], "1m"); err != nil {
		return err
	}
	ctx, dir, ballast := context.Background(), args[0]+"/outbox", args[0]+"/ballast"
	if err := os.WriteFile(ballast, make([]byte, 256<<10), 0o600); err != nil {
		return err
	}
	s := newServer()
	relay, err := makePool(s, "mail.test", 25, 2)
	if err != nil {
		return err
	}
	told := make(chan error, 10_000)
	o, err := outbox.Open(ctx, dir, outbox.Config{Relays: []outbox.Relay{relay}, RetryDelay: 10 * time.Millisecond, MaxRetryDelay: 20 * time.Millisecond,
		Result: func(_ context.Context, r outbox.Result) error { told <- r.Err; return nil }})
	if err != nil {
		return err
	}
	put, refused := 0, 0
	for ; refused < 20; put++ {
		e, content := mail(fmt.Sprint("m", put), "ann@mail.test")
		err := o.Put(ctx, fmt.Sprint("m", put), e, io.MultiReader(content, strings.NewReader(strings.Repeat("x\r\n", 10_000/3*(put%2)))))
		switch {
		case errors.Is(err, outbox.ErrFull):
			refused++
			put--
			if err := os.WriteFile(ballast, make([]byte, 2<<20), 0o600); !errors.Is(err, syscall.ENOSPC) { // no page is free
				return fmt.Errorf("the disk is not full: %w", err)
			}
		case err != nil:
			return fmt.Errorf("on a full disk: %w", err)
		}
	}
	if err := os.Remove(ballast); err != nil {
		return err
	}
	for range put {
		if err := <-told; err != nil {
			return err
		}
	}
	if err := o.Close(ctx); err != nil {
		return err
	}
	if n := s.total(); n != put {
		return fmt.Errorf("%d taken of %d", n, put)
	}
	left, err := os.ReadDir(dir + "/content")
	if err != nil || len(left) > 0 {
		return fmt.Errorf("%d contents left: %w", len(left), err)
	}
	fmt.Printf("%d messages put and delivered, %d refused\n", put, refused)
	return nil
}
