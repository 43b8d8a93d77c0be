package pop3watch_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest"
)

// TestLoginDelay: logins are as far apart as the server wants, also after a Nudge, and
// by what it lists after the login.
func TestLoginDelay(t *testing.T) {
	for _, caps := range []string{"USER\nUIDL\nLOGIN-DELAY 900\n", "USER\nUIDL\nPIPELINING\nLOGIN-DELAY 60 USER\n"} {
		synctest.Test(t, func(t *testing.T) {
			f := newFixture()
			asked := 0
			f.Hook = func(command string) dialtest.Rule {
				if command != "CAPA" {
					return dialtest.Rule{}
				}
				if asked++; asked%2 == 0 {
					caps = "USER\nUIDL\nPIPELINING\nLOGIN-DELAY 900\n"
				}
				return dialtest.Rule{Reply: "+OK\n" + caps + "."}
			}
			f.Every = time.Minute
			nudge := make(chan struct{}, 50)
			f.Nudge = nudge
			go func() {
				for range 50 {
					nudge <- struct{}{}
					time.Sleep(time.Minute)
				}
			}()
			runFor(t, f, time.Hour-time.Second)
			if got := f.net.distances(); len(got) != 3 || slices.Min(got) < 15*time.Minute || slices.Max(got) > 16*time.Minute {
				t.Errorf("%v", got)
			}
		})
	}
}

// TestLongLoginDelay: a server cannot keep Run from looking for longer than a day.
func TestLongLoginDelay(t *testing.T) {
	for _, reply := range []string{"", "-ERR [LOGIN-DELAY] too soon"} {
		synctest.Test(t, func(t *testing.T) {
			f := newFixture()
			f.Hook = answers(map[string]dialtest.Rule{"CAPA": {Reply: "+OK\nUSER\nUIDL\nLOGIN-DELAY 31536000\n."}, "PASS secret": {Reply: reply}})
			runFor(t, f, 10*24*time.Hour-time.Second)
			if got := f.net.distances(); len(got) != 9 || slices.Max(got) != 24*time.Hour || slices.Min(got) != 24*time.Hour {
				t.Errorf("%q: %v", reply, got)
			}
		})
	}
}
