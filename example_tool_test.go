package mailconn_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// settings is the mail section of a tool's configuration file. Endpoint and
// secret read themselves; a mistake in the file is an error when it is read.
type settings struct {
	Server   dial.Endpoint `json:"server"`
	User     string        `json:"user"`
	Password auth.Secret   `json:"password"`
	CA       string        `json:"ca"` // PEM; empty: the system's
}

// connect makes one call of the settings.
func (s settings) connect(ctx context.Context) (*smtpconn.Client, error) {
	d := &dial.Dialer{}
	if s.CA != "" {
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM([]byte(s.CA)) {
			return nil, errors.New("no certificate in ca")
		}
		d.TLSConfig = &tls.Config{RootCAs: roots}
	}
	return smtpconn.Dial(ctx, s.Server, &smtpconn.Options{
		Dialer: d,
		Auth:   auth.Password{User: s.User, Secret: s.Password},
	})
}

// An internal tool: a configuration file, a private CA, one message.
func Example_internalTool() {
	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.Submission, User: "tool", Password: "secret"})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	file, _ := json.Marshal(map[string]string{
		"server":   "submission://" + server.Addr(), // STARTTLS, demanded
		"user":     "tool",
		"password": "secret",
		"ca":       string(server.CA().PEM()),
	})

	var s settings
	if err := json.Unmarshal(file, &s); err != nil {
		log.Fatal(err)
	}
	client, err := s.connect(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	receipt, err := client.Send(context.Background(),
		smtpconn.Envelope{From: "tool@example.org", To: []string{"ops@example.org"}},
		strings.NewReader("Subject: disk is full\r\n\r\nOn host 7.\r\n"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("sent to", receipt.Accepted)
	fmt.Println("settings:", s.Password)

	err = json.Unmarshal([]byte(`{"server": "smtp://user:secret@mail.example.org"}`), &s)
	fmt.Println("refused:", err != nil)
	// Output:
	// sent to [ops@example.org]
	// settings: [secret]
	// refused: true
}
