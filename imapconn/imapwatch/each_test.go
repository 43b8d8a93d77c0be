package imapwatch_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/imapconn/imapwatch"
)

// each makes handle, by EachMessage, the program.
func (f *fixture) each(o *imapconn.FetchOptions, handle func(m *imapwatch.Message) error) {
	f.Handle = imapwatch.EachMessage(o, func(_ context.Context, m *imapwatch.Message) error { return handle(m) })
}

// EachMessage calls for each new message, and takes note of each: of those that were handled
// when a session ends, or the program, none comes again, not even the one that was handled
// meanwhile, if reading it has not failed.
func TestEachMessage(t *testing.T) {
	var texts []string
	for i := range 20 {
		texts = append(texts, letter(i))
	}
	watched(t, dialtest.Config{Mailbox: texts}, func(f *fixture) {
		got, stop := []imap.UID{}, true
		f.each(nil, func(m *imapwatch.Message) error {
			text, err := io.ReadAll(m)
			if err != nil || string(text) != letter(int(m.UID)-1) {
				return fmt.Errorf("%d is %q, %v", m.UID, text, err)
			}
			if got = append(got, m.UID); len(got) == 7 {
				f.srv.HangUp()
				synctest.Wait()
			}
			if len(got) == 15 && stop {
				stop = false
				return errDisk
			}
			return nil
		})
		if err := f.ends(); !errors.Is(err, errDisk) {
			t.Error(err)
		}
		f.run(func() { time.Sleep(time.Minute) })
		var want []imap.UID
		for uid := imap.UID(1); uid <= 20; uid++ { // 15 was being handled when Handle failed
			if want = append(want, uid); uid == 15 {
				want = append(want, uid)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// Whatever error the program makes of one of reading, Run deals with the end of the session
// that is behind it. What the program has not read to its end it does not have.
func TestEachMessageCut(t *testing.T) {
	for name, after := range map[string]error{"its own error": errDisk, "no error": nil} {
		watched(t, dialtest.Config{Mailbox: []string{strings.Repeat(letter(1), 20000)}}, func(f *fixture) {
			f.order(dialtest.Rule{At: "UID FETCH *BODY*", After: 2, Times: 2, Bytes: 100, End: dialtest.EndReset})
			var got []int
			f.each(&imapconn.FetchOptions{Sections: []*imap.FetchItemBodySection{{}}}, func(m *imapwatch.Message) error {
				text, err := io.ReadAll(m.Section(0))
				if err == nil {
					got = append(got, len(text))
					return nil
				}
				return after
			})
			f.run(func() { time.Sleep(time.Hour) })
			if len(f.downs) != 2 || !slices.Equal(got, []int{20000 * len(letter(1))}) {
				t.Errorf("%s: read %d, outages %v", name, got, f.downs)
			}
		})
	}
}

// A message that the server refuses for a moment is told once, does not hold up the others,
// and comes when the server gives it: in the same session, or in the next run.
func TestEachMessageRefused(t *testing.T) {
	for _, again := range []bool{false, true} {
		watched(t, dialtest.Config{Mailbox: []string{letter(1), letter(2), letter(3)}}, func(f *fixture) {
			f.order(
				dialtest.Rule{At: "UID FETCH 1:3 *BODY*", Times: 1, Reply: "NO [UNAVAILABLE] one of them"},
				dialtest.Rule{At: "UID FETCH 2 *BODY*", Times: 3, Reply: "NO [UNAVAILABLE] this one"})
			got, odd := f.readings()
			f.run(func() {
				synctest.Wait()
				if !slices.Equal(got(), []imap.UID{1, 3}) {
					t.Errorf("got %v", got())
				}
				if !again {
					time.Sleep(3*f.renew() + time.Minute)
				}
			})
			for range 3 {
				if err := imapwatch.Once(context.Background(), f.Config); err != nil {
					t.Error(err)
				}
			}
			if !slices.Equal(got(), []imap.UID{1, 3, 2}) {
				t.Errorf("in the next run %v: got %v", again, got())
			}
			if !again && !slices.Equal(odd(), []imap.UID{2}) {
				t.Errorf("told of %v", odd())
			}
		})
	}
}

// A message that is refused for ever is asked for now and then, and told once.
func TestEachMessageOdd(t *testing.T) {
	watched(t, dialtest.Config{Mailbox: []string{letter(1), letter(2), letter(3)}}, func(f *fixture) {
		f.order(
			dialtest.Rule{At: "UID FETCH 1:3 *BODY*", Reply: "NO [SERVERBUG] one of them"},
			dialtest.Rule{At: "UID FETCH 2 *BODY*", Reply: "NO [SERVERBUG] this one"})
		got, odd := f.readings()
		f.run(func() { time.Sleep(3 * time.Hour) })
		if !slices.Equal(got(), []imap.UID{1, 3}) || !slices.Equal(odd(), []imap.UID{2}) {
			t.Errorf("got %v, odd are %v", got(), odd())
		}
		if n := f.commands("UID FETCH 2 "); n < 30 || n > 120 {
			t.Errorf("asked for it %d times in 3 hours", n)
		}
	})
}

// readings has the program read each message, and returns which it has so far, and which were
// told as refused alone.
func (f *fixture) readings() (got, odd func() []imap.UID) {
	list := func() (add func(imap.UID), all func() []imap.UID) {
		var uids []imap.UID
		add = func(uid imap.UID) {
			f.mu.Lock()
			defer f.mu.Unlock()
			uids = append(uids, uid)
		}
		return add, func() []imap.UID {
			f.mu.Lock()
			defer f.mu.Unlock()
			return slices.Clone(uids)
		}
	}
	had, got := list()
	told, odd := list()
	f.Options.Notice = func(n imapconn.Notice) {
		if n.UID > 0 && strings.Contains(n.Dropped.Error(), "this one") {
			told(n.UID)
		}
	}
	f.each(nil, func(m *imapwatch.Message) error {
		_, err := io.ReadAll(m)
		if err == nil {
			had(m.UID)
		}
		return err
	})
	return got, odd
}
