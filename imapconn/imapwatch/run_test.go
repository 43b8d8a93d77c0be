package imapwatch_test

import (
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest"
)

// What is there, comes, changes and vanishes is told at once, and after a restart only
// what has happened meanwhile.
func TestRun(t *testing.T) {
	for _, without := range [][]string{nil, {"CONDSTORE", "QRESYNC", "ESEARCH"}} {
		c := dialtest.Config{Mailbox: []string{letter(1), letter(2), letter(3)}, Without: without}
		watched(t, c, func(f *fixture) {
			f.run(func() {
				f.want("new 1:3")
				f.srv.Deliver(letter(4), letter(5))
				f.want("new 4:5")
				f.srv.Store().Inbox().SetFlags(2, `\Seen`)
				f.want("changed 2")
				f.srv.Expunge(1, 4)
				f.want("vanished 1,4")
				f.srv.Store().Inbox().SetFlags(3, `\Seen`)
				f.want("changed 3")
			})
			f.srv.Expunge(2)
			f.srv.Deliver(letter(6))
			f.srv.Store().Inbox().SetFlags(5, `\Flagged`)
			f.run(func() {
				if without == nil {
					f.want("new 6 changed 5 vanished 2")
				} else {
					f.want("new 6 changed 3,5 vanished 2") // as each may have
				}
				time.Sleep(time.Hour)
				f.want()
			})
			f.complete()
		})
	}
}

// SkipExisting begins behind what is there, also if that is nothing.
func TestSkipExisting(t *testing.T) {
	for _, existing := range [][]string{nil, {letter(1)}} {
		watched(t, dialtest.Config{Mailbox: existing}, func(f *fixture) {
			f.SkipExisting = true
			f.run(func() { f.want() })
			f.srv.Deliver(letter(7))
			f.run(func() {
				if f.want(map[int]string{0: "new 1", 1: "new 2"}[len(existing)]); f.told[letter(7)] != 1 {
					t.Error(f.told)
				}
			})
		})
	}
}

// Whenever a message comes, or goes, it is told: no moment of a session is deaf.
func TestMoments(t *testing.T) {
	for _, without := range [][]string{nil, {"CONDSTORE", "QRESYNC"}, {"ESEARCH"}, {"IDLE"}} {
		for _, at := range []string{"SELECT", "UID SEARCH", "UID FETCH", "IDLE", "idling", "NOOP"} {
			for after := range 3 {
				c := dialtest.Config{Mailbox: []string{letter(1), letter(2)}, Without: without}
				watched(t, c, func(f *fixture) {
					n := 10
					f.order(dialtest.Rule{At: at, After: after, Times: 1, Do: func(string) {
						f.srv.Deliver(letter(n))
						f.srv.Expunge(1)
					}})
					f.run(func() {
						time.Sleep(time.Second)
						f.srv.Deliver(letter(3))
						f.srv.Store().Inbox().SetFlags(2, `\Seen`)
						time.Sleep(30 * time.Minute)
						f.complete()
					})
				})
			}
		}
	}
}

// A server without IDLE, or that refuses it, is asked every Poll.
func TestPoll(t *testing.T) {
	for _, c := range []dialtest.Config{
		{Without: []string{"IDLE"}},
		{Rules: []dialtest.Rule{{At: "IDLE", Reply: "NO not now"}}},
		{Rules: []dialtest.Rule{{At: "IDLE", Reply: "BAD unknown"}}},
	} {
		watched(t, c, func(f *fixture) {
			f.Poll = 7 * time.Minute
			f.run(func() {
				time.Sleep(time.Second)
				f.srv.Deliver(letter(1))
				time.Sleep(f.Poll - time.Minute)
				f.want()
				time.Sleep(time.Minute)
				f.want("new 1")
			})
			if len(f.dials) != 1 {
				t.Errorf("%d connections", len(f.dials))
			}
		})
	}
}
