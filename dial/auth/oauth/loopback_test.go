package oauth_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/mailconn/mailconn/dial/auth/oauth"
)

// A second answer is refused also while the first has not been taken yet.
func TestRow02SecondAnswerAtOnce(t *testing.T) {
	l, err := oauth.Listen(t.Context(), "state")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	back, err := url.Parse(l.URL() + "?state=state&code=x")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{200, 400, 400} {
		if status, _, err := visit(back); err != nil || status != want {
			t.Errorf("%d, %v; want %d", status, err, want)
		}
	}
}

// have its name lead to this one.
func TestRow02Rebinding(t *testing.T) {
	l, err := oauth.Listen(t.Context(), "state")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	at, err := url.Parse(l.URL())
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]int{
		"evil.test:" + at.Port(): 404, "localhost:" + at.Port(): 404, "127.0.0.1": 404, "[::1]:" + at.Port(): 404, "127.0.0.1.evil.test:" + at.Port(): 404,
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, l.URL()+"?state=state&code=x", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = host
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want || l.Answered() != 0 {
			t.Errorf("Host %s: %s, %d answers", host, response.Status, l.Answered())
		}
	}
}

// watched is a ResponseWriter that tells when what was written is sent.
type watched struct {
	*httptest.ResponseRecorder
	flush func()
}

func (w watched) Flush() { w.flush() }

// The page is on its way before the answer is taken, since that ends the connection.
func TestRow01PageIsSent(t *testing.T) {
	l, err := oauth.Listen(t.Context(), "state")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	w, flushed := httptest.NewRecorder(), false
	l.ServeHTTP(watched{w, func() {
		if flushed = true; l.Answered() != 0 || !strings.Contains(w.Body.String(), "</html>") {
			t.Errorf("sent: %q, with %d answers", w.Body, l.Answered())
		}
	}}, httptest.NewRequest(http.MethodGet, l.URL()+"?state=state&code=x", nil))
	if !flushed || l.Answered() != 1 {
		t.Errorf("sent: %v, %d answers", flushed, l.Answered())
	}
}

// The port is closed before the code is used.
func TestRow01PortIsClosed(t *testing.T) {
	is := newIssuer(testIssuer)
	var port string
	is.override = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/authorize" {
			back, _ := url.Parse(r.Form.Get("redirect_uri"))
			port = back.Host
		} else if r.Method == http.MethodPost {
			if conn, err := net.Dial("tcp", port); err == nil {
				conn.Close()
				t.Errorf("%s is still open", port)
			}
		}
		return false
	}
	if _, err := account(t, is, is.config()).Browser(t.Context(), browse(t, is)); err != nil || port == "" {
		t.Errorf("%q, %v", port, err)
	}
}

// registered the other. The error of a host without either tells of both.
func TestRow01NoIPv4(t *testing.T) {
	for _, c := range []struct {
		registered string
		absent     []string
		want       string // the host in the redirect URI, "" if there is none
	}{
		{"", nil, "127.0.0.1"},
		{"", []string{"127.0.0.1:0"}, "::1"},
		{"http://127.0.0.1/", []string{"127.0.0.1:0"}, ""},
		{"http://[::1]/", []string{"127.0.0.1:0"}, "::1"},
		{"", []string{"127.0.0.1:0", "[::1]:0"}, ""},
	} {
		is := newIssuer(testIssuer)
		config := is.config()
		config.Apps[0].Redirect = c.registered
		a := account(t, is, config)
		var tried []string
		a.OnListen(func(ctx context.Context, network, address string) (net.Listener, error) {
			if tried = append(tried, address); slices.Contains(c.absent, address) {
				return nil, &net.OpError{Op: "listen", Net: network, Err: fmt.Errorf("%s: %w", address, syscall.EADDRNOTAVAIL)}
			}
			return new(net.ListenConfig).Listen(ctx, network, address)
		})
		got := ""
		done, err := a.Browser(t.Context(), func(at string) error {
			asked, _ := url.Parse(at)
			back, _ := url.Parse(asked.Query().Get("redirect_uri"))
			got = back.Hostname()
			return browse(t, is)(at)
		})
		switch {
		case got != c.want || (err == nil) != (c.want != "") || (done != nil) != (err == nil):
			t.Errorf("%q without %q: back to %q, %v", c.registered, c.absent, got, err)
		case err == nil:
		case !errors.Is(err, syscall.EADDRNOTAVAIL) || slices.ContainsFunc(tried, func(at string) bool { return !strings.Contains(err.Error(), at) }):
			t.Errorf("%q without %q: tried %q: %v", c.registered, c.absent, tried, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	is := newIssuer(testIssuer)
	a := account(t, is, is.config())
	a.OnListen(func(ctx context.Context, _, address string) (net.Listener, error) {
		cancel()
		if address != "127.0.0.1:0" {
			t.Errorf("tried %s", address)
		}
		return nil, ctx.Err()
	})
	if _, err := a.Browser(ctx, noBrowser(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
