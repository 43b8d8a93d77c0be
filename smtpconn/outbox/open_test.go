package outbox_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/child"
	"github.com/mailconn/mailconn/internal/test/heap"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/outbox"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// A bubble's clock begins in 2000, so a second bubble goes back, or forward after a wait.
func row32(t *testing.T) {
	const year = 365 * 24 * time.Hour
	later := answers(map[string]string{"RCPT": "451 4.2.0 later"})
	for name, c := range map[string]struct{ first, second time.Duration }{"back": {year, 0}, "forward": {0, year}} {
		for _, accepts := range []bool{true, false} {
			dir, s := newDir(t), newServer()
			s.set(later)
			synctest.Test(t, func(t *testing.T) {
				wait(c.first)
				b := open(t, dir, outbox.Config{}, s)
				b.mustPut("m1", "ann@mail.test")
				wait(10 * time.Hour)
				b.close()
			})
			tried := s.said("RCPT")
			if accepts {
				s.set(nil)
			}
			synctest.Test(t, func(t *testing.T) {
				wait(c.second)
				b := open(t, dir, outbox.Config{}, s)
				wait(time.Hour + time.Second)
				if s.said("RCPT") == tried {
					t.Errorf("%s: no attempt within an hour", name)
				}
				ended := len(b.results) == 1
				expired := ended && errors.Is(b.results[0].Err, outbox.ErrExpired)
				if ended != (accepts || name == "forward") || expired != (!accepts && name == "forward") {
					t.Errorf("%s, accepts %v: %s", name, accepts, b.told())
				}
				b.close()
			})
		}
	}
}

func row33(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, newDir(t), outbox.Config{}, newServer())
		other := prepare(t, b.dir, outbox.Config{}, newServer())
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begin := time.Now()
		if _, err := outbox.Open(ctx, b.dir, other.cfg); !errors.Is(err, outbox.ErrLocked) || !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != time.Minute {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
		time.AfterFunc(time.Hour, b.close)
		other.start(outbox.SystemCalls())
		if waited := time.Since(begin); waited < time.Hour || waited > 2*time.Hour {
			t.Errorf("waited %v", waited)
		}
		other.close()
	})
	dir, s := newDir(t), newServer()
	cmd := child.Command(t, "hold", dir, s.listen(t))
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "open\n" {
		t.Fatal(line, err)
	}
	c := prepare(t, dir, outbox.Config{}, s).cfg
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := outbox.Open(ctx, dir, c); !errors.Is(err, outbox.ErrLocked) {
		t.Error(err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	o, err := outbox.Open(t.Context(), dir, c)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// hold opens an outbox and keeps it.
func hold(args []string) error {
	relay, err := childPool(args[1], 1)
	if err != nil {
		return err
	}
	if _, err := outbox.Open(context.Background(), args[0], outbox.Config{Relays: []outbox.Relay{relay}}); err != nil {
		return err
	}
	fmt.Println("open")
	select {}
}

// journalOf creates an outbox with a journal in which n messages wait.
func journalOf(t testing.TB, n int) (dir string) {
	t.Helper()
	dir = newDir(t)
	var text bytes.Buffer
	text.Write(outbox.Seal([]byte(`{"n":1,"format":"mailconn outbox 1"`)))
	content := filepath.Join(dir, "content")
	if err := os.MkdirAll(content, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		key := strings.NewReplacer("0", "X", "1", "Y", "8", "Z", "9", "W").Replace(fmt.Sprintf("%016d", i))
		if i < 100 { // the others are not looked at
			if err := os.WriteFile(filepath.Join(content, key), make([]byte, 400), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		text.Write(outbox.Seal(fmt.Appendf(nil,
			`{"n":%d,"msg":"%s","do":"put","id":"order %d","time":"2000-01-01T00:00:00Z","envelope":{"from":"shop@mail.test","to":["customer%d@mail.test"]},"size":400,"sha256":"%064d"`,
			i+2, key, i, i, i)))
	}
	if err := os.WriteFile(filepath.Join(dir, "journal"), text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func row36(t *testing.T) {
	const messages = 50_000
	dir := journalOf(t, messages)
	synctest.Test(t, func(t *testing.T) {
		before := heap.InUse()
		b := prepare(t, dir, outbox.Config{Relays: []outbox.Relay{&outage{err: &pool.DownError{Err: errRefused}}}})
		b.start(outbox.SystemCalls())
		wait(time.Second)
		each := (heap.InUse() - before) / messages
		t.Logf("%d bytes for each message", each)
		if each > 1500 || b.Stats().Waiting != messages {
			t.Errorf("%d bytes for each message, %d wait", each, b.Stats().Waiting)
		}
		b.close()
	})
}

// swallow is a relay that takes everything but what is for a name.
type swallow struct{ not string }

func (r *swallow) Send(ctx context.Context, e smtpconn.Envelope, content io.ReadSeeker) (*smtpconn.Receipt, error) {
	if _, err := io.Copy(io.Discard, content); err != nil || e.To[0] == r.not {
		return nil, &smtpconn.SendError{Outcome: smtpconn.NotSent, Phase: smtpconn.PhaseContent, Err: cmpErr(err)}
	}
	if err := e.BeforeEnd(ctx); err != nil {
		return nil, &smtpconn.SendError{Outcome: smtpconn.NotSent, Phase: smtpconn.PhaseEnd, Err: err}
	}
	return &smtpconn.Receipt{Accepted: e.To, Reply: "2.0.0 queued"}, nil
}

func cmpErr(err error) error {
	if err == nil {
		return errNotNow
	}
	return err
}

func (r *swallow) Close(context.Context) error { return nil }

func row37(t *testing.T) {
	messages := 3_000
	if os.Getenv("MAILCONN_FULL") != "" {
		messages = 1_000_000
	}
	synctest.Test(t, func(t *testing.T) {
		disk := &flaky{}
		b := prepare(t, newDir(t), outbox.Config{Relays: []outbox.Relay{&swallow{"stay@mail.test"}}, KeepIDs: -1, Expire: 1000 * 24 * time.Hour, MaxMessages: 1000})
		told := 0
		b.cfg.Result = func(context.Context, outbox.Result) error { told++; return nil }
		b.cfg.Workers = 1
		b.start(disk.calls())
		for i := range 10 {
			b.mustPut(fmt.Sprint("stay", i), "stay@mail.test")
		}
		var largest int64
		for i := range messages {
			b.mustPut(fmt.Sprint("m", i), "ann@mail.test")
			if i%100 == 0 {
				wait(time.Second)
				if info, err := os.Stat(filepath.Join(b.dir, "journal")); err == nil {
					largest = max(largest, info.Size())
				}
			}
		}
		wait(time.Second)
		t.Logf("%d messages through, the journal had %d bytes at most", messages, largest)
		if largest > 1<<20 || told != messages || b.Stats().Waiting != 10 {
			t.Errorf("%d bytes, %d told, %+v", largest, told, b.Stats())
		}
		b.close()
	})
	kills := 0
	for _, when := range []string{"before", "half", "behind"} {
		for n := int64(1); ; n++ {
			dir, s := newDir(t), newServer()
			put, told, killed := crashed(t, dir, s.listen(t), point{"write anew", when, n}, 6, 2)
			survives(t, fmt.Sprint("anew ", when, n), dir, s, put, told)
			if !killed {
				break
			}
			kills++
		}
	}
	t.Logf("%d kills while the journal was written anew", kills)
	if kills < 6 {
		t.Errorf("only %d kills", kills)
	}
}

// secrets looks for a password in the files of an outbox whose relay wants a login.
func secrets(t *testing.T) {
	const password = "correct horse battery"
	srv, err := dialtest.NewServer(dialtest.Config{Protocol: policy.Submission, Implicit: true, User: "me", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close() })
	p, err := pool.New(pool.Config{Endpoint: srv.Endpoint(policy.ImplicitTLS), Options: &smtpconn.Options{
		Dialer: &dial.Dialer{TLSConfig: srv.ClientConfig()}, Auth: auth.Password{User: "me", Secret: auth.NewSecret(password)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan outbox.Result, 1)
	dir := newDir(t)
	o, err := outbox.Open(t.Context(), dir, outbox.Config{Relays: []outbox.Relay{p}, Result: func(_ context.Context, r outbox.Result) error { told <- r; return nil }})
	if err != nil {
		t.Fatal(err)
	}
	e, content := mail("m1", "ann@mail.test")
	if err := o.Put(t.Context(), "m1", e, content); err != nil {
		t.Fatal(err)
	}
	if r := <-told; r.Err != nil {
		t.Error(r.Err)
	}
	if err := o.Close(t.Context()); err != nil {
		t.Error(err)
	}
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		for _, secret := range []string{password, "AUTH", "AGNvcnJlY3Q", "Y29ycmVjdC"} { // base64 of it
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("%s holds %q", path, secret)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
