package oauth_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mailconn/mailconn/dial/auth/oauth"
	"github.com/mailconn/mailconn/internal/wire"
)

// damaged returns a text that is odd in one place.
func damaged(r *rand.Rand, text []byte) []byte {
	text = bytes.Clone(text)
	at := r.IntN(len(text))
	switch r.IntN(6) {
	case 0:
		return text[:at]
	case 1:
		text[at] ^= 1 << r.IntN(8)
	case 2:
		text[at] = byte(r.IntN(256))
	case 3:
		return append(text[:at:at], append([]byte(`\u001b\r`), text[at:]...)...)
	case 4:
		return append(text[:at:at], append([]byte(`,"x":{"y":[`), text[at:]...)...)
	default:
		for i, c := range text[at:] { // another type
			if c == ':' {
				return append(text[:at+i+1:at+i+1], append([]byte(`[-1e400,null],"z":`), text[at+i+1:]...)...)
			}
		}
	}
	return text
}

// Whatever an issuer answers: no panic, and what is shown or returned is fit for that.
func TestOddAnswers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 3000 {
		synctest.Test(t, func(t *testing.T) {
			is := newIssuer(testIssuer)
			is.extra = map[string]any{"id_token": idToken(map[string]any{"email": testUser, "aud": []string{testClient}}), "scope": "mail"}
			a := account(t, is, is.config())
			odd := []string{"/.well-known/oauth-authorization-server", "/device", "/token"}[n%3]
			is.override = oddOnce(r, odd, is)
			done, err := a.Device(t.Context(), func(p oauth.DevicePrompt) error {
				if shown := p.URL + p.Code; shown != wire.Printable(shown) || !strings.HasPrefix(strings.ToLower(p.URL), "https://") {
					t.Errorf("%d: shown: %q", n, shown)
				}
				return nil
			})
			if text := fmt.Sprint(err); text != wire.Printable(text) || len(unsafe(text)) > 0 {
				t.Errorf("%d: %q", n, text)
			}
			if (done == nil) != (err != nil) {
				t.Errorf("%d: %+v, %v", n, done, err)
			}
		})
	}
}

// oddOnce answers the first request to a path with a damaged answer.
func oddOnce(r *rand.Rand, path string, is *issuer) func(http.ResponseWriter, *http.Request) bool {
	answers := map[string]any{
		"/device": map[string]any{"device_code": "device-code-device-code", "user_code": "WDJB-MJHT", "expires_in": 1800, "interval": 5, "verification_uri": testIssuer + "/go"},
		"/token":  map[string]any{"access_token": "access-access-access-1", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "refresh-refresh-refresh-1", "id_token": is.extra["id_token"], "scope": "mail"},
	}
	good := answers[path]
	if good == nil {
		good = is.metadata()
	}
	text, err := json.Marshal(good)
	if err != nil {
		panic(err)
	}
	text = damaged(r, text)
	first := true
	return func(w http.ResponseWriter, request *http.Request) bool {
		if request.URL.Path != path || !first {
			return false
		}
		first = false
		w.Header().Set("Content-Type", "application/json")
		w.Write(text)
		return true
	}
}
