package auth_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// A password that no server gets to see: SCRAM or nothing.
func ExamplePassword() {
	ep, err := dial.ParseEndpoint("imaps://mail.example.org")
	if err != nil {
		fmt.Println(err)
		return
	}
	client, err := imapconn.Dial(context.Background(), ep, &imapconn.Options{
		Auth: auth.Password{
			User:        "user",
			Secret:      auth.NewSecret(os.Getenv("PASSWORD")),
			NoPlaintext: true,
		},
	})
	var failed *auth.Error
	switch {
	case errors.As(err, &failed) && failed.Kind == auth.KindCredentials:
		fmt.Println("ask for the password again")
	case errors.As(err, &failed) && failed.Temporary():
		fmt.Println("try again later")
	case err != nil:
		fmt.Println(err)
	default:
		defer client.Close()
		fmt.Println(client.Security().Login) // SCRAM-SHA-256-PLUS (tls-exporter)
	}
}

// A token from a cache, and a new one when the server does not take it.
func ExampleToken() {
	var cached auth.Secret
	source := func(ctx context.Context, refused *auth.Error) (auth.Secret, error) {
		if refused == nil && !cached.Empty() {
			return cached, nil
		}
		token, err := fetch(ctx) // an OAuth library of your choice
		cached = auth.NewSecret(token)
		return cached, err
	}
	ep := dial.Endpoint{Protocol: policy.Submission, Host: "mail.example.org", Policy: policy.ImplicitTLS}
	client, err := smtpconn.Dial(context.Background(), ep, &smtpconn.Options{
		Auth: auth.Token{User: "user@example.org", Secret: auth.SourceFunc(source)},
	})
	var refused *auth.TokenError
	if errors.As(err, &refused) {
		fmt.Println("needs scope", refused.Scope)
	}
	if err == nil {
		client.Close()
	}
}

func fetch(context.Context) (string, error) { return "", errors.New("not here") }

// A client certificate in the TLS handshake is the login.
func ExampleExternal() {
	cert, err := tls.LoadX509KeyPair("client.pem", "client.key")
	if err != nil {
		fmt.Println("no certificate")
		return
	}
	ep := dial.Endpoint{Protocol: policy.IMAP, Host: "mail.example.org", Policy: policy.ImplicitTLS}
	client, err := imapconn.Dial(context.Background(), ep, &imapconn.Options{
		Dialer: &dial.Dialer{TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}}},
		Auth:   auth.External{},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	client.Close()
	// Output: no certificate
}
