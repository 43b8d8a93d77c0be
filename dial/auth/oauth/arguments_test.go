package oauth_test

import (
	"context"
	"testing"

	"github.com/mailconn/mailconn/dial/auth/oauth"
)

// A missing argument is an error before anything is asked.
func TestMissingArguments(t *testing.T) {
	is := newIssuer("https://issuer.test")
	a := account(t, is, is.config())
	var none context.Context
	open := func(string) error { return nil }
	show := func(oauth.DevicePrompt) error { return nil }
	for name, call := range map[string]func() error{
		"Secret":  func() error { _, err := a.Secret(none, nil); return err },
		"Browser": func() error { _, err := a.Browser(none, open); return err },
		"Device":  func() error { _, err := a.Device(none, show); return err },
		"Forget":  func() error { return a.Forget(none) },
		"Wait":    func() error { return a.Wait(none) },
		"MemoryStore": func() error {
			return new(oauth.MemoryStore).Update(none, "key", func([]byte) ([]byte, error) { return nil, nil })
		},
		"NewFileStore, no directory": func() error { _, err := oauth.NewFileStore(""); return err },
		"Browser, no open":           func() error { _, err := a.Browser(t.Context(), nil); return err },
		"Device, no show":            func() error { _, err := a.Device(t.Context(), nil); return err },
	} {
		if err := call(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
