package oauth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial/auth/oauth"
)

// polls runs a device flow in a bubble. replies answer the requests for the token, and ""
// is the token itself. It returns when the requests came, in seconds.
func polls(t *testing.T, interval any, replies ...string) (at []int, err error) {
	synctest.Test(t, func(t *testing.T) {
		is := newIssuer(testIssuer)
		a := account(t, is, is.config())
		begin := time.Now()
		is.override = func(w http.ResponseWriter, r *http.Request) bool {
			switch {
			case strings.HasSuffix(r.URL.Path, "/device"):
				answer(w, 200, map[string]any{
					"device_code": "device-code-device-code", "user_code": "WDJB-MJHT", "expires_in": 599,
					"verification_uri": testIssuer + "/go", "interval": interval,
				})
				return true
			case !strings.HasSuffix(r.URL.Path, "/token"):
				return false
			}
			at = append(at, int(time.Since(begin)/time.Second))
			reply := replies[min(len(at), len(replies))-1]
			switch reply {
			case "":
				return false
			case "503", "502":
				w.WriteHeader(int(reply[0]-'0')*100 + int(reply[2]-'0'))
			case "503 later":
				w.Header().Set("Retry-After", "60")
				w.WriteHeader(503)
			case "silent":
				<-r.Context().Done()
			default:
				refuse(w, 400, reply)
			}
			return true
		}
		_, err = a.Device(t.Context(), func(oauth.DevicePrompt) error { return nil })
		if err == nil && tokenOf(t, a) == "" {
			t.Error("no token")
		}
	})
	return at, err
}

// The issuer is asked at the times that RFC 8628 §3.5 wants.
func TestRow06Polls(t *testing.T) {
	const pending, slower = "authorization_pending", "slow_down"
	for name, c := range map[string]struct {
		interval any
		replies  []string
		at       []int
		kind     oauth.Kind
	}{
		"at once":       {5, []string{""}, []int{5}, ""},
		"pending":       {5, []string{pending, pending, ""}, []int{5, 10, 15}, ""},
		"no interval":   {nil, []string{pending, ""}, []int{5, 10}, ""},
		"zero":          {0, []string{pending, ""}, []int{5, 10}, ""},
		"negative":      {-7, []string{pending, ""}, []int{5, 10}, ""},
		"as text":       {"5", []string{pending, ""}, []int{5, 10}, ""},
		"a fraction":    {7.5, []string{pending, ""}, []int{7, 14}, ""},
		"a word":        {"often", []string{pending, ""}, []int{5, 10}, ""},
		"huge":          {int64(1) << 60, []string{pending, ""}, nil, oauth.KindExpired},
		"slow_down":     {2, []string{slower, pending, slower, pending, ""}, []int{2, 9, 16, 28, 40}, ""},
		"unavailable":   {5, []string{"503", "502", pending, ""}, []int{5, 15, 35, 55}, ""},
		"Retry-After":   {5, []string{"503 later", pending, ""}, []int{5, 65, 75}, ""},
		"time-out":      {5, []string{"silent", pending, ""}, []int{5, 45, 55}, ""},
		"expired":       {5, []string{pending, "expired_token", ""}, []int{5, 10}, oauth.KindExpired},
		"denied":        {5, []string{pending, "access_denied", ""}, []int{5, 10}, oauth.KindDenied},
		"declined":      {5, []string{pending, "authorization_declined", ""}, []int{5, 10}, oauth.KindDenied},
		"invalid_grant": {5, []string{"invalid_grant", ""}, []int{5}, oauth.KindGrant},
		"configuration": {5, []string{"invalid_client", ""}, []int{5}, oauth.KindConfiguration},
	} {
		at, err := polls(t, c.interval, c.replies...)
		if !slices.Equal(at, c.at) {
			t.Errorf("%s: asked after %v seconds, want %v", name, at, c.at)
		}
		if c.kind == "" && err != nil || c.kind != "" && !errors.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Asking ends when the code has expired, also while a request is under way.
func TestRow06Expires(t *testing.T) {
	for reply, want := range map[string]int{"authorization_pending": 119, "silent": 5} {
		at, err := polls(t, 5, reply)
		if !errors.Is(err, oauth.KindExpired) || reply != "silent" && len(at) != want {
			t.Errorf("%s: asked after %v seconds: %v", reply, at, err)
		}
	}
}

// Asking ends with the context.
func TestRow06Cancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := newIssuer(testIssuer)
		is.override = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/token" {
				refuse(w, 400, "authorization_pending")
			}
			return r.URL.Path == "/token"
		}
		why := errors.New("window closed")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 17*time.Second, why)
		defer cancel()
		begin := time.Now()
		_, err := account(t, is, is.config()).Device(ctx, func(oauth.DevicePrompt) error { return nil })
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, why) || time.Since(begin) != 17*time.Second {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
	})
}

// A request for a code that the issuer does not answer ends with the context, too.
func TestRow06CancelledBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := newIssuer(testIssuer)
		is.override = func(_ http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/device" {
				<-r.Context().Done()
			}
			return false
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		_, err := account(t, is, is.config()).Device(ctx, func(oauth.DevicePrompt) error { t.Error("shown"); return nil })
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != time.Second {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
	})
}

// What is shown to the person is what the issuer says, if it is fit to be shown.
func TestRow06Prompt(t *testing.T) {
	shown := errors.New("shown")
	for name, c := range map[string]struct {
		member string
		value  any
		want   oauth.Kind // "" if it is shown
	}{
		"good":             {"", nil, ""},
		"misspelled":       {"verification_url", testIssuer + "/other", ""},
		"http":             {"verification_uri", "http://login.test/go", oauth.KindIssuer},
		"javascript":       {"verification_uri", "javascript:alert(1)", oauth.KindIssuer},
		"long URL":         {"verification_uri", "https://login.test/" + strings.Repeat("x", 500), oauth.KindIssuer},
		"complete is long": {"verification_uri_complete", "https://login.test/" + strings.Repeat("x", 500), ""},
		"no page":          {"verification_uri", "", oauth.KindIssuer},
		"control in URL":   {"verification_uri", "https://login.test/\x1b[2J", oauth.KindIssuer},
		"control in code":  {"user_code", "WDJB\x1b[2J", oauth.KindIssuer},
		"no code":          {"user_code", "", oauth.KindIssuer},
		"long code":        {"user_code", strings.Repeat("W", 1000), oauth.KindIssuer},
		"no device code":   {"device_code", nil, oauth.KindIssuer},
		"wrong type":       {"user_code", []int{1}, oauth.KindIssuer},
		"complete is http": {"verification_uri_complete", "http://login.test/go?user_code=WDJB-MJHT", ""},
	} {
		is := newIssuer(testIssuer)
		is.override = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/device" {
				return false
			}
			said := map[string]any{
				"device_code": "device-code-device-code", "user_code": "WDJB-MJHT", "expires_in": 1800,
				"verification_uri": testIssuer + "/go", "verification_uri_complete": testIssuer + "/go?user_code=WDJB-MJHT",
			}
			said[c.member] = c.value
			answer(w, 200, said)
			return true
		}
		_, err := account(t, is, is.config()).Device(t.Context(), func(p oauth.DevicePrompt) error {
			if p.URL != testIssuer+"/go" || p.Code != "WDJB-MJHT" || (p.Complete == "") != strings.HasPrefix(name, "complete is") || time.Until(p.Expires) > 30*time.Minute {
				t.Errorf("%s: %+v", name, p)
			}
			return shown
		})
		if c.want == "" && err != shown || c.want != "" && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if text := fmt.Sprint(err); strings.Contains(text, "\x1b") || len(unsafe(text)) > 0 {
			t.Errorf("%s: error %q", name, text)
		}
	}
	is := newIssuer(testIssuer)
	is.set("device_authorization_endpoint", nil)
	if _, err := account(t, is, is.config()).Device(t.Context(), func(oauth.DevicePrompt) error { return shown }); !errors.Is(err, oauth.KindUnsupported) {
		t.Errorf("no device flow: %v", err)
	}
}
