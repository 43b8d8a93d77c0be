package accountfile_test

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/examples/internal/accountfile"
)

// What was saved is loaded, and nothing else is.
func TestFile(t *testing.T) {
	read := dial.MustParseEndpoint("imaps://mail.example.org")
	a := &accountfile.Account{
		Read: read, Send: dial.MustParseEndpoint("submission://mail.example.org"), User: "joe", Issuer: "https://login.example.org",
		Pins: []dial.Pin{{Endpoint: read, Key: trust.KeyHash{1, 2, 3}}},
	}
	file := filepath.Join(t.TempDir(), "account.json")
	if err := a.Save(file); err != nil {
		t.Fatal(err)
	}
	if got, err := accountfile.Load(file); err != nil || !reflect.DeepEqual(got, a) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, text := range []string{"", "{", `{"read":"http://mail.example.org"}`} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := accountfile.Load(file); err == nil {
			t.Errorf("%q: %+v", text, got)
		}
	}
	if _, err := accountfile.Load(file + "x"); err == nil {
		t.Error("a file that does not exist was loaded")
	}
}
