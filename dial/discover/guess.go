package discover

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/netguard"
	"github.com/mailconn/mailconn/policy"
)

// conventional returns the labels that servers of a protocol usually have.
func conventional(p policy.Protocol) []string {
	switch p {
	case policy.IMAP:
		return []string{"imap", "mail"}
	case policy.POP3:
		return []string{"pop", "pop3", "mail"}
	}
	return []string{"smtp", "mail"}
}

// guess tries conventional names under the domain for the services wanted. A name
// counts if the server there speaks the protocol and has a certificate for the name.
// No credentials are sent. ask says that a source has failed that may have known
// better, so that a person is to be asked about the result.
//
// Under a domain of one label nothing is guessed.
func (f *finder) guess(ctx context.Context, wanted []service, ask bool) report {
	r := report{source: Guess}
	if !strings.Contains(f.domain, ".") {
		return r
	}
	ctx, cancel := f.timeout(ctx)
	defer cancel()
	var tries []dial.Endpoint
	for _, s := range wanted {
		for _, label := range conventional(s.protocol) {
			tries = append(tries, dial.Endpoint{Protocol: s.protocol, Host: label + "." + f.domain, Port: s.protocol.DefaultPort(s.policy), Policy: s.policy})
		}
	}
	errs := make([]error, len(tries))
	var trying sync.WaitGroup
	for i, e := range tries {
		trying.Go(func() { errs[i] = f.try(ctx, e) })
	}
	trying.Wait()
	found := map[bool]bool{} // by whether it is for sending
	for i, e := range tries {
		if errs[i] == nil {
			found[forSending(e.Protocol)] = true
			r.finds = append(r.finds, find{endpoint: e, proof: Proof{Guess, Convention, e.Host}, ask: ask})
		}
	}
	for i, e := range tries { // where something was found, the rest does not matter
		if errs[i] != nil && !errors.Is(errs[i], netguard.ErrNoAddress) && !found[forSending(e.Protocol)] {
			r.fail(errs[i])
		}
	}
	return r
}

// try makes a connection on which a login could begin, and closes it.
func (f *finder) try(ctx context.Context, e dial.Endpoint) error {
	conn, err := f.mail.Dial(ctx, e)
	if err == nil {
		conn.Close()
	}
	return err
}
