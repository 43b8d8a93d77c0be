package mx_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/mx"
)

// While there are hosts that were not asked, as there are more than are tried, or than are
// looked up, a message does not come back because of how the others were. It does if those
// that were asked do not take such messages.
func TestSendHostsLeft(t *testing.T) {
	small := server{lacks: []string{"SMTPUTF8"}}
	away := says("greeting", "554 5.3.2 no mail here", dialtest.EndClose)
	for name, c := range map[string]struct {
		server
		hosts, addresses int // of each
		requireTLS       bool
		want             string
	}{
		"two that lack it":                 {small, 2, 1, false, "not sent 5.6.7"},
		"more that lack it than are tried": {small, 2, 4, false, "not sent 5.6.7"},
		"as many as are looked up":         {small, 5, 1, false, "not sent 5.6.7"},
		"more than are looked up":          {small, 6, 1, false, "not sent 5.6.7"},
		"more with too low a limit":        {server{limit: 10}, 6, 1, false, "not sent 5.3.4"},
		"one, with all its addresses":      {small, 1, 5, false, "not sent 5.6.7"},
		"more that nothing vouches for":    {server{}, 6, 1, true, "not sent 5.7.30"},
		"two that turn mail away":          {away, 2, 1, false, "not sent 5.3.2"},
		"more of those than are tried":     {away, 2, 4, false, "not sent 4.4.1"},
		"more of those than are looked up": {away, 6, 1, false, "not sent 4.4.1"},
		"hosts without addresses":          {server{}, 10, 0, false, "not sent 5.4.4"},
		"more of those than ten":           {server{}, 11, 0, false, "not sent 4.4.1"},
	} {
		w := newWorld(t)
		for i := range c.hosts {
			host := fmt.Sprintf("h%d.example", i)
			w.Names.Add(fmt.Sprintf("d.example MX %d %s", i, host))
			for j := range c.addresses {
				srv := w.mail(fmt.Sprintf("h%d-%d.example", i, j), c.server)
				address := fmt.Sprintf("192.0.2.%d", 1+i*10+j)
				w.Names.Add(host + " A " + address)
				w.Listen(address+":25", srv.Serve)
			}
		}
		e := smtpconn.Envelope{To: []string{"jürgen@d.example"}, Mail: &smtp.MailOptions{RequireTLS: c.requireTLS}}
		if got, err := w.sendAs(e); got != c.want {
			t.Errorf("%s: %s, want %s: %v", name, got, c.want, err)
		}
	}
}

// A host that certainly has no address is as good as not listed: it does not keep a message
// that the others do not take. Nor does it that one of them takes no mail at all, and the next
// none such; but a host that may serve later does.
func TestSendNoHostTakes(t *testing.T) {
	away := says("greeting", "554 5.3.2 no mail here", dialtest.EndClose)
	busy := says("greeting", "421 4.3.2 later", dialtest.EndClose)
	small := server{lacks: []string{"SMTPUTF8"}}
	none := server{}
	for name, c := range map[string]struct {
		hosts      []*server // nil has no address
		requireTLS bool
		want       string
	}{
		"none, lacks":             {[]*server{nil, &small}, false, "not sent 5.6.7"},
		"lacks, none":             {[]*server{&small, nil}, false, "not sent 5.6.7"},
		"none, size":              {[]*server{nil, {limit: 10}}, false, "not sent 5.3.4"},
		"none, away":              {[]*server{nil, &away}, false, "not sent 5.3.2"},
		"away, none":              {[]*server{&away, nil}, false, "not sent 5.3.2"},
		"none, not vouched for":   {[]*server{nil, &none}, true, "not sent 5.7.30"},
		"not vouched for, none":   {[]*server{&none, nil}, true, "not sent 5.7.30"},
		"away, lacks":             {[]*server{&away, &small}, false, "not sent 5.6.7"},
		"lacks, away":             {[]*server{&small, &away}, false, "not sent 5.3.2"},
		"lacks, none, away":       {[]*server{&small, nil, &away}, false, "not sent 5.3.2"},
		"none, none":              {[]*server{nil, nil}, false, "not sent 5.4.4"},
		"none, busy":              {[]*server{nil, &busy}, false, "not sent 4.4.1"},
		"busy, lacks":             {[]*server{&busy, &small}, false, "not sent 4.4.1"},
		"lacks, busy, none":       {[]*server{&small, &busy, nil}, false, "not sent 4.4.1"},
		"away, busy":              {[]*server{&away, &busy}, false, "not sent 4.4.1"},
		"none, one that takes it": {[]*server{nil, &none}, false, "accepted 1 refused 0"},
	} {
		w := newWorld(t)
		for i, srv := range c.hosts {
			host := fmt.Sprintf("h%d.example", i)
			w.Names.Add(fmt.Sprintf("d.example MX %d %s", i, host))
			if srv != nil {
				w.mail(host, *srv)
			}
		}
		e := smtpconn.Envelope{To: []string{"jürgen@d.example"}, Mail: &smtp.MailOptions{RequireTLS: c.requireTLS}}
		if got, err := w.sendAs(e); got != c.want {
			t.Errorf("%s: %s, want %s: %v", name, got, c.want, err)
		}
	}
}

// A host with many addresses that do not answer does not keep a message from the next host.
func TestSendBeyondOneHost(t *testing.T) {
	for maxHosts, want := range map[int]int{0: 5, 2: 2} {
		w := newWorld(t).rule(mx.May)
		w.cfg.MaxHosts = maxHosts
		w.Names.Add("d.example MX 10 a.example", "d.example MX 20 none.example", "d.example MX 30 b.example")
		for i := range 8 {
			w.Names.Add(fmt.Sprintf("a.example A 192.0.2.%d", 200+i)) // which refuses
		}
		w.mail("b.example", server{})
		w.sends("accepted 1 refused 0", "u@d.example")
		if tried := w.tried(); len(tried) != want+1 || tried[want].Host != "b.example" {
			t.Errorf("%d: %v", maxHosts, tried)
		}
	}
}

// Hosts whose DNS is silent do not keep a message from one that is known.
func TestRouteSilentNames(t *testing.T) {
	for name, c := range map[string]struct {
		silent []int // hosts
		limit  time.Duration
		took   time.Duration
		looked int
	}{
		"none":                         {nil, time.Hour, 0, 5},
		"all but the first":            {[]int{1, 2, 3, 4}, time.Hour, 15 * time.Second, 3},
		"as that, and a short context": {[]int{1, 2, 3, 4}, 8 * time.Second, 4 * time.Second, 2},
		"the last":                     {[]int{4}, time.Hour, 10 * time.Second, 5},
		"all but the last":             {[]int{0, 1, 2, 3}, time.Hour, 40 * time.Second, 5},
		"all":                          {[]int{0, 1, 2, 3, 4}, time.Hour, 50 * time.Second, 5},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t).rule(mx.May)
			for i := range 5 {
				w.Names.Add(fmt.Sprintf("d.example MX %d h%d.example", i, i), fmt.Sprintf("h%d.example A 192.0.2.%d", i, 1+i))
				if slices.Contains(c.silent, i) {
					w.Names.Fail(fmt.Sprintf("h%d.example *", i), "silent")
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), c.limit)
			defer cancel()
			begun := time.Now()
			r, err := w.sender().Look(ctx, "d.example")
			if took := time.Since(begun); err != nil || took != c.took || len(r.Hosts) != c.looked || r.More != 5-c.looked {
				t.Fatalf("%s: after %v: %v, %v", name, took, r, err)
			}
			for i, h := range r.Hosts {
				if silent := slices.Contains(c.silent, i); silent != (h.Err != nil) {
					t.Errorf("%s: %v", name, r)
				}
			}
		})
	}
}

// plainServer takes messages over a connection of fakenet, so that time can stand still.
func plainServer(c net.Conn) {
	fmt.Fprint(c, "220 b.example ESMTP\r\n")
	for lines, content := bufio.NewScanner(c), false; lines.Scan(); {
		switch line := lines.Text(); {
		case content && line != ".":
		case line == "DATA":
			content = true
			fmt.Fprint(c, "354 go on\r\n")
		case line == "QUIT":
			fmt.Fprint(c, "221 bye\r\n")
			return
		default:
			content = false
			fmt.Fprint(c, "250 ok\r\n")
		}
	}
}

// A host that takes connections and says nothing leaves time for the next one.
func TestSendSilentHost(t *testing.T) {
	silent := func(c net.Conn) { io.Copy(io.Discard, c) }
	for name, c := range map[string]struct {
		hosts  []func(net.Conn)
		limit  time.Duration // 0 is none
		want   string
		within time.Duration
	}{
		"one, then one that takes it":   {[]func(net.Conn){silent, plainServer}, time.Minute, "accepted 1 refused 0", 30 * time.Second},
		"two, then one":                 {[]func(net.Conn){silent, silent, plainServer}, time.Minute, "accepted 1 refused 0", 45 * time.Second},
		"nothing but silence":           {[]func(net.Conn){silent, silent}, time.Minute, "not sent 4.4.7", time.Minute},
		"the last has all that is left": {[]func(net.Conn){silent}, time.Minute, "not sent 4.4.7", time.Minute},
		"no limit":                      {[]func(net.Conn){silent, plainServer}, 0, "accepted 1 refused 0", 5 * time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t).rule(mx.May)
			for i, serve := range c.hosts {
				w.Names.Add(fmt.Sprintf("d.example MX %d h%d.example", i, i), fmt.Sprintf("h%d.example A 192.0.2.%d", i, 1+i))
				w.Listen(fmt.Sprintf("192.0.2.%d:25", 1+i), serve)
			}
			ctx, cancel := context.WithCancel(t.Context())
			if c.limit > 0 {
				ctx, cancel = context.WithTimeout(t.Context(), c.limit)
			}
			defer cancel()
			begun := time.Now()
			receipt, err := w.sender().Send(ctx, smtpconn.Envelope{To: []string{"u@d.example"}}, strings.NewReader(text))
			if got, took := w.outcome(receipt, err), time.Since(begun); got != c.want || took != c.within {
				t.Errorf("%s: %s after %v: %v", name, got, took, err)
			}
		})
	}
}
