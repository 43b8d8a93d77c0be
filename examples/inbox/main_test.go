package main

import (
	"context"
	"crypto/tls"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
)

func TestLogin(t *testing.T) {
	connect := func(ctx context.Context, server dial.Endpoint, trust *tls.Config) error {
		client, err := login(ctx, server, trust, dialtest.CanaryUser, dialtest.CanaryPassword)
		if err == nil {
			client.Close()
		}
		return err
	}
	dialtest.TestDial(t, connect, dialtest.TryOptions{Protocols: []policy.Protocol{policy.IMAP}})
}
